package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"cognito-user-migration/test/peers"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
)

// setUpCommands returns the commands of a README's set-up by the numbers of their
// steps. Two accounts have other commands for some steps.
func setUpCommands(t *testing.T, readme string) (one, two map[string]string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", readme))
	if err != nil {
		t.Fatal(err)
	}
	headings := map[string][2]string{"README.md": {"## Set it up", "\n**The source is in another account**"}, "README.ja.md": {"## セットアップ", "\n**移行元が別のアカウントにある場合**"}}[readme]
	_, section, begins := strings.Cut(string(text), "\n"+headings[0]+"\n")
	section, _, ends := strings.Cut(section, "\n## ")
	first, second, parts := strings.Cut(section, headings[1])
	if !begins || !ends || !parts {
		t.Fatalf("%s has no set-up of two parts", readme)
	}
	return steps(first), steps(second)
}

// steps reads the blocks of numbered steps.
func steps(text string) map[string]string {
	found := make(map[string]string)
	for _, step := range regexp.MustCompile("(?ms)^(\\d)\\. .*?^   ```console\n(.*?)^   ```$").FindAllStringSubmatch(text, -1) {
		commands := regexp.MustCompile(`(?m)^   (\$ )?`).ReplaceAllString(step[2], "")
		found[step[1]] = commands
	}
	return found
}

// engine stands in for docker: there is no registry to push to.
const engine = "#!/bin/sh\nif [ \"$1\" = login ]; then cat >/dev/null; fi\n"

// awsCommand is the AWS CLI, but for what moto lacks: an app client of a stack. It
// gives the ID of one that exists as the stack's output.
const awsCommand = `#!/bin/sh
case "$*" in
*"cloudformation describe-stacks"*SourceClientId*) echo "$STACKS_CLIENT" ;;
*) exec %q "$@" ;;
esac
`

// TestTheSetUpOfTheREADMERuns runs the README's commands as they stand, from init to
// doctor, against moto: with both pools in one account, and in two. The Japanese
// README has the same commands.
func TestTheSetUpOfTheREADMERuns(t *testing.T) {
	peers.Require(t, peers.MotoServer, peers.AWSCLI)
	cli, err := exec.LookPath("aws")
	if err != nil {
		t.Fatal(err)
	}
	one, two := setUpCommands(t, "README.md")
	if len(one) != 5 || len(two) != 3 {
		t.Fatalf("the README has %d steps, and %d for two accounts", len(one), len(two))
	}
	if oneToo, twoToo := setUpCommands(t, "README.ja.md"); !maps.Equal(one, oneToo) || !maps.Equal(two, twoToo) {
		t.Errorf("README.ja.md has other commands:\n%v\n%v", oneToo, twoToo)
	}
	for accounts, own := range map[string]map[string]string{"one account": nil, "two accounts": two} {
		t.Run(accounts, func(t *testing.T) {
			a := ownAccounts(t, authOff) // both make stacks of the same names
			there := a.here
			if own != nil {
				there = a.there
			}
			p := healthyPlan()
			p.sourcePool, p.pool = &cognito.CreateUserPoolInput{}, &cognito.CreateUserPoolInput{}
			source, _, client, _ := makePool(t.Context(), t, there, p.sourcePool, p.sourceClient, "source")
			pool, _, _, _ := makePool(t.Context(), t, a.here, p.pool, p.client, "destination")
			folder := checkout(t, cli)
			useProfiles(t, a)
			var script strings.Builder
			script.WriteString("set -eu\n")
			for _, number := range []string{"1", "2", "3", "4", "5"} {
				commands := one[number]
				if instead, there := own[number]; there {
					commands = instead
				}
				script.WriteString(commands)
			}
			text := strings.NewReplacer(
				"ap-northeast-1_AbCdEf123", source, "ap-northeast-1_GhIjKl456", pool, "ap-northeast-1", peers.Region,
				"111111111111", peers.DestinationAccountID,
			).Replace(script.String())
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
			defer cancel()
			command := exec.CommandContext(ctx, "sh", "-c", text)
			command.Dir = folder
			command.Env = append(os.Environ(), "PATH="+filepath.Join(folder, "stand-ins")+":"+os.Getenv("PATH"), "STACKS_CLIENT="+client, "AWS_PAGER=")
			output, err := command.CombinedOutput()
			t.Logf("%s\n%s", text, output)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(output), "\n0 fail, ") {
				t.Error("doctor has no summary without failures")
			}
			attached, err := a.here.DescribeUserPool(t.Context(), &cognito.DescribeUserPoolInput{UserPoolId: &pool})
			if err != nil || attached.UserPool.LambdaConfig == nil || !strings.HasSuffix(aws.ToString(attached.UserPool.LambdaConfig.UserMigration), ":function:user-migration") {
				t.Errorf("the trigger is not attached: %v", err)
			}
		})
	}
}

// checkout is a folder like the top of a checkout, with the tool built, and with
// stand-ins for what needs an image engine.
func checkout(t *testing.T, cli string) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.CopyFS(filepath.Join(folder, "deploy"), os.DirFS(filepath.Join("..", "..", "..", "deploy"))); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"bin", "stand-ins"} {
		if err := os.Mkdir(filepath.Join(folder, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(builtTool(t), filepath.Join(folder, "bin", "migratectl")); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"docker": engine, "make": engine, "aws": fmt.Sprintf(awsCommand, cli)} {
		if err := os.WriteFile(filepath.Join(folder, "stand-ins", name), []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// useProfiles gives the operator the two profiles of the README, and the
// destination's as the default.
func useProfiles(t *testing.T, a *accounts) {
	t.Helper()
	section := func(name string, of aws.Credentials) string {
		return fmt.Sprintf("[%s]\naws_access_key_id = %s\naws_secret_access_key = %s\nregion = %s\n", name, of.AccessKeyID, of.SecretAccessKey, peers.Region)
	}
	file := filepath.Join(t.TempDir(), "aws-config")
	profiles := section("default", a.admin) + section("profile destination", a.admin) + section("profile source", a.sourceAdministrator)
	if err := os.WriteFile(file, []byte(profiles), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_CONFIG_FILE", file)
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_REGION"} {
		t.Setenv(name, "")
		if err := os.Unsetenv(name); err != nil {
			t.Fatal(err)
		}
	}
}
