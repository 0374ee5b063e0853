package dynamosource

import (
	"maps"
	"sync"

	"cognito-user-migration/adapters/internal/passwordhash"
	"cognito-user-migration/ports/parts"
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

// Configured returns the settings as the kind reads them, for examinations.
func Configured(settings Settings, account Account) parts.SourceSettings {
	return &configured{Settings: settings, account: account}
}
