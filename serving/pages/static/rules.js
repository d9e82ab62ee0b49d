// A rule put together by choosing: what is chosen is written into the condition's text.
"use strict";
const builder = document.querySelector(".builder");
if (builder) {
  builder.hidden = false;
  const [field, test, value] = ["b-field", "b-test", "b-value"].map((id) => document.getElementById(id));
  const when = document.getElementById("when");
  const tests = Object.fromEntries([...document.getElementById("tests").content.children].map((o) => [o.value, o.textContent.split("|")]));
  const offer = () => {
    test.replaceChildren(...tests[field.selectedOptions[0].dataset.kind].map((name) => new Option(name)));
    bare();
  };
  const bare = () => { value.hidden = ["known", "unknown"].includes(test.value); };
  const quoted = (text, kind) => (["text", "texts"].includes(kind) && !/^[\w-]+$/.test(text) && !text.startsWith("(") ? `"${text}"` : text);
  field.addEventListener("change", offer);
  test.addEventListener("change", bare);
  builder.addEventListener("click", (event) => {
    const join = event.target.dataset.join;
    if (!join || (!value.hidden && !value.value.trim())) return;
    const kind = field.selectedOptions[0].dataset.kind;
    const said = value.hidden ? `${field.value} is ${test.value}` : `${field.value} ${test.value} ${quoted(value.value.trim(), kind)}`;
    when.value = when.value.trim() ? `${when.value.trim()} ${join} ${said}` : said;
    value.value = "";
  });
  offer();
}
