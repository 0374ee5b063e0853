// Package recipes has no code but tests: they run the recipes of docs/which-source.md, as they
// stand on the page, with the real function. See README.md in this folder.
package recipes
