// Times in the visitor's zone, and a button that shows a password. Without scripts times are in UTC.
function localTimes() {
  const day = { year: "numeric", month: "long", day: "numeric" };
  const moment = { ...day, hour: "2-digit", minute: "2-digit", timeZoneName: "short" };
  const language = document.documentElement.lang;
  for (const time of document.querySelectorAll("time[datetime]")) {
    const style = time.classList.contains("moment") ? moment : day;
    time.title = time.textContent;
    time.textContent = new Date(time.dateTime).toLocaleString(language, style);
  }
}

function reveal(field) {
  const { show, hide } = document.body.dataset;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "link reveal";
  button.setAttribute("aria-controls", field.id);
  const turn = (type) => {
    field.type = type;
    button.textContent = type === "password" ? show : hide;
    button.ariaLabel = `${button.textContent}: ${field.labels[0].textContent}`;
  };
  turn("password");
  button.addEventListener("click", () => {
    turn(field.type === "password" ? "text" : "password");
    field.focus();
  });
  // Browsers offer to save what is entered in a password field, and remember other texts.
  field.form.addEventListener("submit", () => turn("password"));
  field.after(button);
}

localTimes();
document.querySelectorAll("input[type=password]").forEach(reveal);
