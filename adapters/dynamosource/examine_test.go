package dynamosource_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"cognito-user-migration/adapters/dynamosource"
	"cognito-user-migration/adapters/internal/awsfault"
	"cognito-user-migration/adapters/internal/awsrole"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"
	"cognito-user-migration/test/process"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// account is one whose role may be refused.
type account struct {
	url     string
	refused bool
}

func (a account) Config(context.Context) (aws.Config, error) { return configOf(a.url), nil }

func (a account) Credentials(context.Context, awsrole.Settings, string) (ports.CredentialProvider, error) {
	if a.refused {
		return denying{}, nil
	}
	return own{}, nil
}

// denying is a role that is not given.
type denying struct{ own }

func (denying) Retrieve(context.Context) (ports.Credentials, error) {
	return ports.Credentials{}, &awsfault.Fault{Adapter: "sts", Operation: "AssumeRole", Code: "AccessDenied", Kind: ports.ErrMisconfigured}
}

func TestTheExaminationFindsFaultsOfTables(t *testing.T) {
	t.Parallel()
	p := startPeer(t)
	p.create(t, "flat", "email", "username")
	p.put(t, "flat", object{"username": text("alice"), "email": text("alice@example.com"), "password_hash": text(hashOf(t, "right"))})
	p.create(t, "empty", "email", "username")
	p.create(t, "strange", "email", "username")
	p.put(t, "strange", object{"username": text("bob"), "password_hash": text("5f4dcc3b5aa765d61d8327deb882cf99")})
	p.create(t, "sorted", "mail", "pk", "sk")
	p.put(t, "sorted", object{"pk": text("USER#carol"), "sk": text("PROFILE"), "login": text("carol")})
	p.call(t, "CreateTable", object{
		"TableName": "numbered", "BillingMode": "PAY_PER_REQUEST", "KeySchema": []object{{"AttributeName": "id", "KeyType": "HASH"}},
		"AttributeDefinitions": []object{{"AttributeName": "id", "AttributeType": "N"}},
	})
	for name, row := range map[string]struct {
		table, key, lookup, fields string
		url                        string
		account                    account
		role, named                string
		aspect                     ports.Aspect
		status                     ports.ExaminedStatus
		saw, remedy                string
	}{
		"nothing: the table":         {aspect: ports.AspectReached, status: ports.ExaminedPass, saw: "ACTIVE"},
		"nothing: the keys":          {aspect: ports.AspectIndex, status: ports.ExaminedPass, saw: "any projection is enough"},
		"nothing: the look-up":       {aspect: ports.AspectLookUp, status: ports.ExaminedPass, saw: "as expected"},
		"nothing: the hashes":        {aspect: ports.AspectHashes, status: ports.ExaminedPass, saw: "1 hashes sampled: 1 bcrypt (cost 4)"},
		"nothing: the credentials":   {aspect: ports.AspectCredentials, status: ports.ExaminedPass, saw: "no role is set"},
		"a named user":               {named: "alice", aspect: ports.AspectLookUp, status: ports.ExaminedPass, saw: "it has email, username"},
		"a role that is not given":   {account: account{refused: true}, role: "arn:aws:iam::222222222222:role/users", aspect: ports.AspectCredentials, status: ports.ExaminedFail, saw: "AccessDenied", remedy: "OLD_ROLE_ARN"},
		"a table that is not there":  {table: "nonesuch", aspect: ports.AspectReached, status: ports.ExaminedFail, saw: "ResourceNotFoundException", remedy: "correct OLD_TABLE"},
		"an endpoint that is closed": {url: "http://" + process.ClosedAddress(t), aspect: ports.AspectReached, status: ports.ExaminedFail, saw: "unreachable", remedy: "network"},
		"an answer of another one":   {url: answers(t, 200, "<html>"), aspect: ports.AspectReached, status: ports.ExaminedFail, remedy: "OLD_REGION"},
		"a key of another name":      {key: "login", lookup: "login={username}", aspect: ports.AspectIndex, status: ports.ExaminedFail, saw: "the key of the table is username, not login", remedy: "set OLD_KEY to username"},
		"a sort key that is missing": {table: "sorted", key: "pk", lookup: "pk=USER#{username}", aspect: ports.AspectIndex, status: ports.ExaminedFail, saw: "the key of the table is pk, sk, not pk", remedy: "set OLD_KEY to pk,sk"},
		"an index that is not there": {lookup: "username, by-email:email", aspect: ports.AspectIndex, status: ports.ExaminedFail, saw: "no index by-email; it has email-index", remedy: "create the global secondary index by-email with the partition key email"},
		"an index of another key":    {lookup: "username, email-index:mail", aspect: ports.AspectIndex, status: ports.ExaminedFail, saw: "the key of the index email-index is email, and the look-up compares mail", remedy: "OLD_LOOKUP"},
		"a key that is a number":     {table: "numbered", key: "id", lookup: "id={username}", aspect: ports.AspectIndex, status: ports.ExaminedFail, saw: "has the type N", remedy: "index whose key is a string"},
		"hashes that are not known":  {table: "strange", aspect: ports.AspectHashes, status: ports.ExaminedFail, saw: "1 unsupported: an unsalted MD5", remedy: "docs/password-hashes.md"},
		"an empty table":             {table: "empty", aspect: ports.AspectHashes, status: ports.ExaminedWarn, saw: "the table is empty", remedy: "OLD_TABLE"},
		"items without a username":   {table: "sorted", key: "pk, sk", lookup: "pk=USER#{username}&sk=PROFILE", aspect: ports.AspectHashes, status: ports.ExaminedWarn, saw: "no item of the sample has a username", remedy: "OLD_FIELDS"},
		"a nested design":            {table: "sorted", key: "pk, sk", lookup: "pk=USER#{username}&sk=PROFILE", fields: "username=login", named: "carol", aspect: ports.AspectLookUp, status: ports.ExaminedPass, saw: "it has login as username"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			or := func(value, otherwise string) string {
				if value == "" {
					return otherwise
				}
				return value
			}
			settings := settingsOf(t, or(row.table, "flat"), or(row.key, "username"), or(row.lookup, "username, email-index:email"), row.fields)
			if row.table != "" && row.lookup == "" {
				settings.Lookup = nil
			}
			settings.Role.RoleARN = awsrole.RoleARN(row.role)
			row.account.url = or(row.url, p.url)
			probe := ports.Probe{Username: "migratectl-doctor-x", Now: time.Now(), Variable: func(name string) string { return "OLD_" + name }}
			if row.named != "" {
				probe.Username, probe.Exists = row.named, true
			}
			options := parts.SourceOptions{Name: "OLD", Rules: domain.DefaultRules(), Note: func(ports.Note) {}}
			found := dynamosource.Examiner().Examine(t.Context(), dynamosource.Configured(settings, row.account), options, probe)
			asked := false
			for _, one := range found {
				if strings.Contains(one.Saw, "alice") || strings.Contains(one.Saw, "5f4dcc") || strings.Contains(one.Saw, "$2") {
					t.Errorf("%s shows a value: %s", one.Aspect, one.Saw)
				}
				if one.Aspect != row.aspect {
					continue
				}
				asked = true
				if one.Status != row.status || !strings.Contains(one.Saw, row.saw) || !strings.Contains(one.Remedy, row.remedy) || one.NotPermitted != row.account.refused {
					t.Errorf("%s is %s: %s -> %s", one.Aspect, one.Status, one.Saw, one.Remedy)
				}
			}
			if !asked {
				t.Errorf("%s is not examined: %v", row.aspect, found)
			}
		})
	}
}
