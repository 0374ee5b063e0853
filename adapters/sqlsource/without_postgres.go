//go:build nopostgres

package sqlsource

func addPostgres(map[Driver]dialer) {}
