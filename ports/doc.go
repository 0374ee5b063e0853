// Package ports declares the interfaces that the use cases call: the source
// directory and its credentials, the audit sink, the limiter of attempts, and
// the queue, destination and sink of a completion. These are the driven ports.
// Lambda drives the use cases through concrete types and needs no port.
//
// Adapters implement these interfaces. Package mocks has generated mocks of
// them, package sourcetest the shared tests of every source, package parts the
// types that a main lists, and package setup the interfaces of the operator's
// checks.
package ports
