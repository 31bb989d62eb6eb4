// Storage of oidc-provider in Redis: one key a record, a hash where a record can be consumed.
import { Redis } from "ioredis";

const CONSUMABLE = new Set(["AuthorizationCode", "RefreshToken", "DeviceCode", "PushedAuthorizationRequest"]);
const OF_A_GRANT = new Set(["AccessToken", "AuthorizationCode", "RefreshToken", "DeviceCode"]);

const redis = new Redis(process.env.BENCH_STORE);

const grantKey = (id) => `grant:${id}`;
const uidKey = (uid) => `uid:${uid}`;

export class RedisAdapter {
  constructor(model) {
    this.model = model;
  }

  key(id) {
    return `${this.model}:${id}`;
  }

  async upsert(id, payload, expiresIn) {
    const key = this.key(id);
    const text = JSON.stringify(payload);
    const all = redis.multi();
    if (CONSUMABLE.has(this.model)) {
      all.hset(key, "payload", text);
      if (expiresIn) all.expire(key, expiresIn);
    } else if (expiresIn) {
      all.set(key, text, "EX", expiresIn);
    } else {
      all.set(key, text);
    }
    if (OF_A_GRANT.has(this.model) && payload.grantId) {
      all.rpush(grantKey(payload.grantId), key);
      // NX for a new list, GT for one whose last token expires earlier than this one.
      if (expiresIn) all.expire(grantKey(payload.grantId), expiresIn, "NX");
      if (expiresIn) all.expire(grantKey(payload.grantId), expiresIn, "GT");
    }
    if (payload.uid) all.set(uidKey(payload.uid), id, "EX", expiresIn);
    const answers = await all.exec();
    const failed = answers.find(([error]) => error);
    if (failed) throw failed[0];
  }

  async find(id) {
    if (!CONSUMABLE.has(this.model)) {
      const text = await redis.get(this.key(id));
      return text ? JSON.parse(text) : undefined;
    }
    const { payload, consumed } = await redis.hgetall(this.key(id));
    if (!payload) return undefined;
    return consumed ? { ...JSON.parse(payload), consumed: Number(consumed) } : JSON.parse(payload);
  }

  async findByUid(uid) {
    const id = await redis.get(uidKey(uid));
    return id ? this.find(id) : undefined;
  }

  async consume(id) {
    await redis.hset(this.key(id), "consumed", Math.floor(Date.now() / 1000));
  }

  async destroy(id) {
    await redis.del(this.key(id));
  }

  async revokeByGrantId(grantId) {
    const keys = await redis.lrange(grantKey(grantId), 0, -1);
    await redis.del(grantKey(grantId), ...keys);
  }
}
