package filesource_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cognito-user-migration/adapters/filesource"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"
)

func TestTheExaminationFindsFaultsOfFiles(t *testing.T) {
	t.Parallel()
	const good = "$2y$04$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
	const md5 = "5f4dcc3b5aa765d61d8327deb882cf99"
	costly := strings.Replace(good, "$04$", "$20$", 1)
	for name, row := range map[string]struct {
		content string
		path    string
		format  filesource.Format
		named   string
		aspect  ports.Aspect
		status  ports.ExaminedStatus
		saw     string
		remedy  string
	}{
		"nothing: the file":            {content: "username,password_hash\nanna," + good, aspect: ports.AspectReached, status: ports.ExaminedPass, saw: "can be read"},
		"nothing: the look-up":         {content: "username,password_hash\nanna," + good, aspect: ports.AspectLookUp, status: ports.ExaminedPass, saw: "as expected"},
		"nothing: the hashes":          {content: "username,password_hash\nanna," + good, aspect: ports.AspectHashes, status: ports.ExaminedPass, saw: "1 hashes sampled: 1 bcrypt (cost 4)"},
		"a named user":                 {content: "username,password_hash,email\nanna," + good + ",anna@example.com", named: "anna", aspect: ports.AspectLookUp, status: ports.ExaminedPass, saw: "it has 0 groups, email, username"},
		"a file that is not there":     {path: "nonesuch.csv", aspect: ports.AspectReached, status: ports.ExaminedFail, saw: "does not exist", remedy: "OLD_PATH"},
		"a directory":                  {path: ".", aspect: ports.AspectReached, status: ports.ExaminedFail, saw: "is a directory", remedy: "OLD_PATH"},
		"an unsalted hash":             {content: "username,password_hash\nanna," + md5 + "\nberta," + good, aspect: ports.AspectHashes, status: ports.ExaminedFail, saw: "1 unsupported: an unsalted MD5 in hexadecimal (line 2)", remedy: "docs/password-hashes.md"},
		"what rests on it":             {content: "username,password_hash\nanna," + md5, aspect: ports.AspectLookUp, status: ports.ExaminedSkip},
		"a plain password":             {content: "username,password_hash\nanna,{noop}S3cret", aspect: ports.AspectHashes, status: ports.ExaminedFail, saw: "a password in plain text", remedy: "docs/password-hashes.md"},
		"a hash that takes too long":   {content: "username,password_hash\nanna," + costly, aspect: ports.AspectHashes, status: ports.ExaminedFail, saw: "cost is 20", remedy: "docs/password-hashes.md"},
		"a hash of no known form":      {content: "username,password_hash\nanna,S3cret", aspect: ports.AspectHashes, status: ports.ExaminedFail, saw: "1 of an unknown format", remedy: "docs/password-hashes.md"},
		"two kinds":                    {content: "username,password_hash\nanna," + md5 + "\nberta,S3cret\ncarla," + md5, aspect: ports.AspectHashes, status: ports.ExaminedFail, saw: "1 of an unknown format, 2 unsupported: an unsalted MD5"},
		"no username":                  {content: "name,password_hash\nanna," + good, aspect: ports.AspectLookUp, status: ports.ExaminedFail, saw: "username", remedy: "OLD_FORMAT"},
		"the same username twice":      {content: "username,password_hash\nanna," + good + "\nanna," + good, aspect: ports.AspectLookUp, status: ports.ExaminedFail, saw: "same username", remedy: "correct the file"},
		"another format":               {content: "username,password_hash\nanna," + good, format: filesource.FormatJSON, aspect: ports.AspectLookUp, status: ports.ExaminedFail, remedy: "OLD_FORMAT"},
		"what rests on another format": {content: "username,password_hash\nanna," + good, format: filesource.FormatJSON, aspect: ports.AspectHashes, status: ports.ExaminedSkip},
		"no users":                     {content: "username,password_hash\n", aspect: ports.AspectLookUp, status: ports.ExaminedWarn, saw: "no user", remedy: "OLD_PATH"},
		"no hashes":                    {content: "username,email\nanna,anna@example.com", aspect: ports.AspectHashes, status: ports.ExaminedWarn, saw: "no user of the sample has a password hash", remedy: "password_hash"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := filesource.Settings{Path: filepath.Join(t.TempDir(), "people.csv"), Format: filesource.FormatCSV}
			if row.format != "" {
				settings.Format = row.format
			}
			if row.path != "" {
				settings.Path = filepath.Join(filepath.Dir(settings.Path), row.path)
			} else if err := os.WriteFile(settings.Path, []byte(row.content), 0o600); err != nil {
				t.Fatal(err)
			}
			probe := ports.Probe{Username: "migratectl-doctor-x", Now: time.Now(), Variable: func(name string) string { return "OLD_" + name }}
			if row.named != "" {
				probe.Username, probe.Exists = row.named, true
			}
			found := filesource.Examiner().Examine(t.Context(), &settings, parts.SourceOptions{Name: "OLD", Rules: domain.DefaultRules(), Note: func(ports.Note) {}}, probe)
			for _, one := range found {
				if strings.Contains(one.Saw+one.Remedy, "S3cret") || strings.Contains(one.Saw, md5) || strings.Contains(one.Saw, "anna") {
					t.Errorf("%s shows a value: %s", one.Aspect, one.Saw)
				}
				if one.Aspect == row.aspect && (one.Status != row.status || !strings.Contains(one.Saw, row.saw) || !strings.Contains(one.Remedy, row.remedy)) {
					t.Errorf("%s is %s: %s -> %s", one.Aspect, one.Status, one.Saw, one.Remedy)
				}
			}
		})
	}
}
