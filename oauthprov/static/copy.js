// A button beside each address, id and command that copies it. Without scripts they are selected.
const words = document.currentScript.dataset;

function addButton(text) {
  const button = document.createElement("button");
  const said = document.createElement("span");
  button.type = "button";
  button.className = "link copy";
  button.textContent = words.copy;
  said.className = "unseen";
  said.setAttribute("role", "status");
  const label = text.closest("pre")?.getAttribute("aria-label") ?? text.closest("dd")?.previousElementSibling?.textContent;
  button.ariaLabel = `${words.copy}: ${(label ?? text.textContent).trim()}`;
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
