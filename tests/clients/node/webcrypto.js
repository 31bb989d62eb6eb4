// Node 18, which Debian 12 has, offers the Web Cryptography API only as a module.
import { webcrypto } from "node:crypto";

globalThis.crypto ??= webcrypto;
globalThis.CryptoKey ??= webcrypto.CryptoKey;
