// Before anything is drawn: the page knows whether scripts run, so it can show what needs none.
document.documentElement.classList.add("js");
