//go:build noldap

package app

func ldapKind() sourceKind { return sourceKind{} }
