// Package ports holds the interfaces that the use cases drive: a directory to
// move users from, credentials for it, and a place for audit records. It is the
// driven side; the driving side, Lambda, needs no interface here. Adapters
// implement these, gomock imitates them (mocks), and every source passes one
// contract (sourcetest).
package ports
