// Package app puts the parts together: it is the only place that knows every
// adapter. config reads the environment, migrate is the use case, this package
// wires them (wiring.go) and maps each kind of source to its adapter
// (sources.go); cmd holds the programs.
package app
