package app_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"cognito-user-migration/app/config"
	"cognito-user-migration/domain"
)

// canaryVault resolves some references to a secret that must not be seen, and
// the others not.
type canaryVault struct{}

// Resolve implements [parts.Resolver].
func (canaryVault) Resolve(_ context.Context, reference string) (domain.Secret, error) {
	if strings.HasSuffix(reference, "#none") {
		return domain.Secret{}, errors.New("no such secret")
	}
	return domain.NewSecret(canary + strings.Repeat("s", 32)), nil
}

// Any environment gives a configuration or problems, and no panic. No problem and no
// warning holds a variable's value: neither a secret in any variable, nor one in a
// URL. Names of sources and the rules of the maps are shown, because a problem there
// could not be found otherwise.
func FuzzEnvironment(f *testing.F) {
	for _, environment := range []string{
		"",
		strings.Join(cognitoEnvironment(), "\n"),
		"SOURCE_USER_POOL_ID=" + canary + "\nSOURCE_CLIENT_ID=" + canary + "\nSOURCE_ROLE_ARN=" + canary + "\nSOURCE_REGION=" + canary,
		"SOURCE_CLIENT_SECRET=secretsmanager:name#key\nSOURCE_USER_POOL_ID=ap-northeast-1_AbCdEf123\nSOURCE_CLIENT_ID=1example23456789",
		"AUDIT_HMAC_KEY=ssm:/short\nAUDIT_USERNAME=plain\nMIGRATE_ATTRIBUTES=*,custom:a=b\nMIGRATE_FORCE_ALIAS_CREATION=" + canary,
		"MIGRATE_SOURCES=old,corp\nOLD_KIND=file\nOLD_PATH=people.json\nOLD_FORMAT=firebase\nOLD_FIREBASE_SIGNER_KEY=" + canary + "\nCORP_KIND=ldap\nCORP_URL=ldaps://" + canary + "\nCORP_BASE_DN=dc=x\nCORP_FILTER=(" + canary,
		"SOURCE_KIND=http\nSOURCE_URL=https://u:" + canary + "@h\nSOURCE_HEADERS=X: " + canary + "\\r\nSOURCE_BEARER_TOKEN=" + canary + "\\x00\nSOURCE_CLIENT_KEY=" + canary,
		"SOURCE_KIND=oidc\nSOURCE_ISSUER=http://" + canary + "\nSOURCE_CLIENT_ID=c\nSOURCE_CLIENT_SECRET=ssm:/x#none",
		"SOURCE_KIND=sql\nSOURCE_DRIVER=mysql\nSOURCE_URL=mysql://u:" + canary + "@h:x/db\nSOURCE_QUERY=select " + canary + "\nSOURCE_DECOY=$2a$" + canary + "\nSOURCE_CA_BUNDLE=" + canary,
		"COMPLETION_AFTER=delete\nCOMPLETION_GROUPS=*,a=b\nCOMPLETION_QUEUE_URL=https://" + canary + "\nLOCKOUT_TABLE=" + canary + "\nSOURCE_=" + canary,
	} {
		f.Add(environment)
	}
	f.Fuzz(func(t *testing.T, environment string) {
		var environ []string
		for line := range strings.SplitSeq(environment, "\n") {
			name, value, _ := strings.Cut(line, "=")
			if strings.Contains(name, canary) || showsValues(name) && strings.Contains(strings.ToLower(value), canary) {
				continue
			}
			// A file is named there; this machine's own are none of the test's.
			if isPath(name) && strings.ContainsAny(value, "/.") {
				continue
			}
			environ = append(environ, line)
		}
		configuration, err := config.Load(t.Context(), environ, whole().Sources, canaryVault{})
		if err != nil {
			problems, ok := errors.AsType[*config.Error](err)
			if !ok || len(problems.Problems) == 0 || configuration != nil {
				t.Fatalf("the error is %#v, beside %v", err, configuration)
			}
			if strings.Contains(strings.ToLower(err.Error()), canary) {
				t.Errorf("a value is shown: %v", err)
			}
			return
		}
		shown := fmt.Sprint(configuration.Warnings, configuration.Audit)
		if strings.Contains(shown, canary) {
			t.Errorf("a value is shown: %s", shown)
		}
		if len(configuration.Sources) == 0 {
			t.Error("there is no source")
		}
	})
}

// showsValues holds for the variables whose problems repeat a part of the value.
func showsValues(variable string) bool {
	for _, shown := range []string{"MIGRATE_SOURCES", "_ATTRIBUTES", "COMPLETION_GROUPS"} {
		if strings.HasSuffix(variable, shown) {
			return true
		}
	}
	return false
}

func isPath(variable string) bool {
	for _, path := range []string{"_CA_BUNDLE", "_CLIENT_CERTIFICATE", "_CLIENT_KEY"} {
		if strings.HasSuffix(variable, path) {
			return true
		}
	}
	return false
}
