//go:build nosql

package app

func sqlKind() sourceKind { return sourceKind{} }
