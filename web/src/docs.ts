// The documentation was one page: what a link to a part of it names is in the index now, and its chapter has the rest.

function follow(): void {
  const part = location.hash ? document.getElementById(location.hash.slice(1)) : null;
  const link = part?.querySelector<HTMLAnchorElement>(":scope > a[data-moved]");
  if (link) location.replace(link.href);
}

follow();
addEventListener("hashchange", follow);
