// The benchmark is a module of its own: what it needs, the function's go.mod does not list.
module cognito-user-migration/test/bench

go 1.26.0

require (
	cognito-user-migration v0.0.0-00010101000000-000000000000
	golang.org/x/sys v0.49.0
)

replace cognito-user-migration => ../..
