// Package app composes the function from the parts that a main lists: kinds of
// sources, audit sinks, completion, lockout, secret references and tracing.
// Package config reads the environment; packages migrate and complete are the
// use cases; this package wires them to the parts. It imports no optional
// adapter, so a part that a main does not list is not linked. Package
// everything lists all parts except tracing.
package app
