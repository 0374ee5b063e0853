package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"
	"cognito-user-migration/ports/sourcetest"
)

func TestTheContractOfSources(t *testing.T) {
	sourcetest.Run(t, sourcetest.Harness{Name: "SOURCE", Open: func(t *testing.T, people []sourcetest.User) ports.SourceDirectory {
		users := make(map[string]sourcetest.User)
		for _, person := range people {
			users[person.Username] = person
		}
		text, _ := json.Marshal(users)
		path := filepath.Join(t.TempDir(), "users.json")
		_ = os.WriteFile(path, text, 0o600)
		source, err := (&settings{Path: path}).Open(t.Context(), parts.SourceOptions{Name: "SOURCE"})
		if err != nil {
			t.Fatal(err)
		}
		return source.Directory
	}})
}
