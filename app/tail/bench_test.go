package tail_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cognito-user-migration/adapters/reportstate"
	"cognito-user-migration/app/tail"
	"cognito-user-migration/domain"
	"cognito-user-migration/domain/importfile"
	"cognito-user-migration/ports"
)

// BenchmarkExport writes users of a state to files; the metric is users per second.
func BenchmarkExport(b *testing.B) {
	const users = 100_000
	path := filepath.Join(b.TempDir(), "move.db")
	state, err := reportstate.Open(b.Context(), path, reportstate.Identity{Destination: "us-east-1_a", Sources: "SOURCE file"}, false)
	if err != nil {
		b.Fatal(err)
	}
	_, err = state.Begin(b.Context(), time.Unix(1_800_000_000, 0), []ports.ReportPart{{}}, false)
	var page reportstate.Page
	for i := range users {
		name := fmt.Sprint("user-", i)
		page.Users = append(page.Users, ports.ReportedUser{
			Username: name, Sub: "sub-" + name, Enabled: true, Keys: domain.JoinKeys{Name: name, Email: name + "@example.com"},
			Forecast: domain.Forecast{Import: domain.Prospect{Possible: true}},
			Candidate: domain.ImportCandidate{Username: name, Attributes: domain.Attributes{
				"email": name + "@example.com", "email_verified": "true", "name": "Doe, " + name, "birthdate": "1985-02-01", "custom:legacy_sub": "sub-" + name,
			}},
		})
	}
	if err == nil {
		err = state.Add(b.Context(), []reportstate.Page{page})
	}
	if err == nil {
		err = state.Finish(b.Context(), time.Unix(1_800_000_000, 0), true, "{}")
	}
	if err != nil {
		b.Fatal(err)
	}
	_ = state.Close()
	header, err := importfile.ParseHeader(strings.Split("name,given_name,family_name,middle_name,nickname,preferred_username,profile,picture,website,email,email_verified,gender,"+
		"birthdate,zoneinfo,locale,phone_number,phone_number_verified,address,updated_at,cognito:mfa_enabled,cognito:username,custom:legacy_sub", ","))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		state, finished, err := reportstate.OpenFinished(b.Context(), path, 2)
		if err != nil {
			b.Fatal(err)
		}
		exporter := tail.Exporter{
			State: state, Finished: finished, Sources: []string{"SOURCE"}, Pool: importfile.Pool{Header: header, VerifiesEmail: true},
			Folder: b.TempDir(), MostRows: importfile.MostRows, MostBytes: importfile.MostBytes, Workers: 2,
		}
		if done, err := exporter.Run(b.Context()); err != nil || done.Users != users {
			b.Fatalf("%d users, %v", done.Users, err)
		}
		_ = state.Close()
	}
	b.ReportMetric(float64(users)*float64(b.N)/b.Elapsed().Seconds(), "users/s")
}
