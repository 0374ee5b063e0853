// Package mocks holds gomock's imitations of the ports, made by `make generate`
// from the interfaces and committed; CI checks that they are fresh.
package mocks
