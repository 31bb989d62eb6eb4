// A button beside each address, id and command that copies it. Without scripts they are selected.
const words = document.currentScript.dataset;

function labelOf(text) {
  const box = text.closest("pre");
  const named = document.getElementById(box?.getAttribute("aria-labelledby"));
  const term = text.closest("dd")?.previousElementSibling;
  return box?.getAttribute("aria-label") ?? (named ?? term ?? text).textContent;
}

function addButton(text) {
  const button = document.createElement("button");
  const said = document.createElement("span");
  button.type = "button";
  button.className = "link copy";
  button.textContent = words.copy;
  said.className = "unseen";
  said.setAttribute("role", "status");
  button.ariaLabel = `${words.copy}: ${labelOf(text).trim()}`;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text.textContent);
    button.textContent = said.textContent = words.copied;
    setTimeout(() => {
      button.textContent = words.copy;
      said.textContent = "";
    }, 2000);
  });
  (text.closest("pre") ?? text).after(button, said);
}

// Browsers offer the clipboard to pages over https and on this computer only.
if (navigator.clipboard) document.querySelectorAll("[data-copy]:not(script)").forEach(addButton);
