// Package ports declares the interfaces that the use cases call, and that adapters
// implement:
//
//   - source.go: the directory of users elsewhere, and its errors
//   - credentials.go: the credentials for calling it
//   - lockout.go: the limiter of attempts
//   - audit.go: the sink of audit records
//   - completion.go: the queue, the destination and the sink of completions
//   - listing.go, examination.go: for the operator's tool
//
// These are the driven ports. Lambda drives the use cases through concrete types and
// needs no port.
//
// Package mocks has generated mocks of them. Package sourcetest has the shared tests
// of every source. Package parts has the types that a main lists. Package setup has
// the interfaces of the operator's checks.
package ports
