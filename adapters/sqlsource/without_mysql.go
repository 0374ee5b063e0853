//go:build nomysql

package sqlsource

func addMySQL(map[Driver]dialer) {}
