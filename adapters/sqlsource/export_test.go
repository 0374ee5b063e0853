package sqlsource

import (
	"maps"
	"sync"

	"cognito-user-migration/adapters/internal/passwordhash"
)

// CountHashes counts what the directory computes of hashes from now on, by family.
func CountHashes(d *Directory) (work func() map[string]int) {
	var mu sync.Mutex
	units := make(map[string]int)
	d.Checker.Tell(func(w passwordhash.Work) {
		mu.Lock()
		defer mu.Unlock()
		units[w.Family] += w.Units
	})
	return func() map[string]int {
		mu.Lock()
		defer mu.Unlock()
		return maps.Clone(units)
	}
}
