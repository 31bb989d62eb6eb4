// A button that prints the page. Without scripts the browser's menu does.
const printing = document.createElement("button");
printing.type = "button";
printing.id = "print";
printing.className = "link";
printing.textContent = document.currentScript.dataset.print;
printing.addEventListener("click", () => window.print());
document.getElementById("download").after(" ", printing);
