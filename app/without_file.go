//go:build nofile

package app

func fileKind() sourceKind { return sourceKind{} }
