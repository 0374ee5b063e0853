package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cognito-user-migration/test/peers"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// parametersIn reads a file of CloudFormation's parameters.
func parametersIn(t *testing.T, path string) map[string]string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var pairs []string
	if err := json.Unmarshal(content, &pairs); err != nil {
		t.Fatal(err)
	}
	read := make(map[string]string)
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		read[name] = value
	}
	return read
}

// setFactors lets the destination take codes of an app as a second factor.
func setFactors(t *testing.T, a *accounts, poolID string) {
	t.Helper()
	if _, err := a.here.SetUserPoolMfaConfig(t.Context(), &cognito.SetUserPoolMfaConfigInput{
		UserPoolId: &poolID, MfaConfiguration: types.UserPoolMfaTypeOptional, SoftwareTokenMfaConfiguration: &types.SoftwareTokenMfaConfigType{Enabled: true},
	}); err != nil {
		t.Fatal(err)
	}
}

// TestInitFillsInTheParameters: the real binary against moto, with pools in two
// accounts and with both in one.
func TestInitFillsInTheParameters(t *testing.T) {
	a := startAccounts(t)
	p := healthyPlan()
	p.sourcePool.Schema = schema(text("lost", "0", "64"))
	p.sourcePool.MfaConfiguration = types.UserPoolMfaTypeOptional
	p.pool.MfaConfiguration = types.UserPoolMfaTypeOptional
	p.pool.Policies = &types.UserPoolPolicyType{PasswordPolicy: &types.PasswordPolicyType{MinimumLength: aws.Int32(10), RequireNumbers: true}}
	m := a.build(t, p, "init")
	setFactors(t, a, m.poolID)
	before := a.state(t, m)
	neighbour := healthyPlan()
	near, _, _, _ := makePool(t.Context(), t, a.here, neighbour.sourcePool, neighbour.sourceClient, "neighbour")
	for name, row := range map[string]struct {
		source string
		flags  []string
		file   string
		absent string
		want   map[string]string
		says   []string
	}{
		"two accounts": {m.sourcePoolID, []string{"--source-aws-profile", sourceProfile}, "destination-account.json", "one-account.json",
			map[string]string{"SourceRoleArn": "arn:aws:iam::" + peers.SourceAccountID + ":role/user-migration", "SourceClientId": "FROM-THE-SOURCE-STACK"},
			[]string{"custom:lost: the destination's schema lacks it", "warn  MFA", "--profile " + sourceProfile + " --region us-east-1", "\n1. ", "\n6. "}},
		"one account": {near, nil, "one-account.json", "source-account.json", map[string]string{}, []string{"one account", "\n5. "}},
	} {
		t.Run(name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "parameters")
			args := append([]string{"init", "--source-pool", row.source, "--destination-pool", m.poolID, "--out", out}, row.flags...)
			got := execute(t, os.Environ(), args...)
			if got.code != 0 {
				t.Fatalf("code %d\n%s%s", got.code, got.out, got.errors)
			}
			t.Logf("\n%s", got.out)
			for _, want := range append(row.says, "bin/migratectl attach --destination-pool "+m.poolID+" --function user-migration --yes", "bin/migratectl doctor --destination-pool "+m.poolID) {
				if !strings.Contains(got.out, want) {
					t.Errorf("no %q in\n%s", want, got.out)
				}
			}
			read := parametersIn(t, filepath.Join(out, row.file))
			row.want["DestinationUserPoolId"], row.want["SourceUserPoolId"] = m.poolID, row.source
			row.want["MigrateDestinationSchema"], row.want["MigrateUsername"] = "custom:legacy_sub,custom:seats=Number 0..100,custom:tenant=1..64", "auto"
			row.want["MigrateDestinationMfa"], row.want["MigratePasswordPolicy"] = "OPTIONAL,SOFTWARE_TOKEN_MFA", "MinimumLength=10,RequireNumbers"
			row.want["MigrateAttributes"], row.want["AuditHmacKey"] = "*,custom:legacy_sub,custom:seats,custom:tenant,preferred_username", "ssm:/user-migration/audit-hmac-key"
			for name, want := range row.want {
				if read[name] != want {
					t.Errorf("%s is %q, not %q", name, read[name], want)
				}
			}
			if _, err := os.Stat(filepath.Join(out, row.absent)); err == nil {
				t.Errorf("%s was written", row.absent)
			}
			content, err := os.ReadFile(filepath.Join(out, row.file))
			if err != nil {
				t.Fatal(err)
			}
			again := execute(t, os.Environ(), args...)
			if kept, _ := os.ReadFile(filepath.Join(out, row.file)); again.code != exitFailed || !strings.Contains(again.errors, row.file) || string(kept) != string(content) {
				t.Errorf("a second run: code %d, %s", again.code, again.errors)
			}
			entries, _ := os.ReadDir(out)
			for _, entry := range entries {
				if info, err := entry.Info(); err != nil || info.Mode().Perm() != 0o600 {
					t.Errorf("%s has the mode %v", entry.Name(), info.Mode())
				}
			}
		})
	}
	if after := a.state(t, m); after != before {
		t.Error("init changed something in AWS")
	}
	t.Run("one file that is there already keeps all from being written", func(t *testing.T) {
		out := t.TempDir()
		if err := os.WriteFile(filepath.Join(out, "explained.md"), []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		got := execute(t, os.Environ(), "init", "--source-pool", near, "--destination-pool", m.poolID, "--out", out)
		entries, _ := os.ReadDir(out)
		if got.code != exitFailed || !strings.Contains(got.errors, filepath.Join(out, "explained.md")) || len(entries) != 1 {
			t.Errorf("code %d, %d files, %s", got.code, len(entries), got.errors)
		}
	})
	t.Run("a pool of another account without its profile", func(t *testing.T) {
		got := execute(t, os.Environ(), "init", "--source-pool", "us-east-1_nonesuch", "--destination-pool", m.poolID, "--out", t.TempDir())
		if got.code != exitFailed || !strings.Contains(got.errors, "--source-pool us-east-1_nonesuch") || !strings.Contains(got.errors, "give --source-aws-profile") {
			t.Errorf("code %d, %s", got.code, got.errors)
		}
	})
	t.Run("random external IDs", func(t *testing.T) {
		var ids []string
		for range 2 {
			out := filepath.Join(t.TempDir(), "p")
			if got := execute(t, os.Environ(), "init", "--source-pool", m.sourcePoolID, "--destination-pool", m.poolID, "--out", out, "--source-aws-profile", sourceProfile); got.code != 0 {
				t.Fatal(got.errors)
			}
			source, destination := parametersIn(t, filepath.Join(out, "source-account.json")), parametersIn(t, filepath.Join(out, "destination-account.json"))
			if source["SourceExternalId"] != destination["SourceExternalId"] || len(source["SourceExternalId"]) < 20 {
				t.Errorf("got %q and %q", source["SourceExternalId"], destination["SourceExternalId"])
			}
			ids = append(ids, source["SourceExternalId"])
		}
		if ids[0] == ids[1] {
			t.Error("the external ID is not random")
		}
	})
}
