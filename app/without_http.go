//go:build nohttp

package app

func httpKind() sourceKind { return sourceKind{} }
