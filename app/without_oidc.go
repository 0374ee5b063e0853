//go:build nooidc

package app

func oidcKind() sourceKind { return sourceKind{} }
