package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spf13/pflag"
)

// builtTool builds the tool once for all tests of the process.
func builtTool(t *testing.T) string {
	t.Helper()
	path, err := buildTool()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// toolFolder is where the tests of this process keep the binary.
var toolFolder string

var buildTool = sync.OnceValues(func() (string, error) {
	path := filepath.Join(toolFolder, "migratectl")
	if output, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		return "", errors.New(string(output))
	}
	return path, nil
})

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "migratectl")
	if err != nil {
		panic(err)
	}
	toolFolder = folder
	code := m.Run()
	stopShared()
	_ = os.RemoveAll(folder) // what is left is in the system's temporary folder
	os.Exit(code)
}

// exited is what a run of the binary printed and returned.
type exited struct {
	code        int
	out, errors string
}

// execute runs the binary with this environment alone.
func execute(t *testing.T, environ []string, args ...string) exited {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var out, notes bytes.Buffer
	command := exec.CommandContext(ctx, builtTool(t), args...)
	command.Env = append([]string{"HOME=/nonexistent", "AWS_EC2_METADATA_DISABLED=true"}, environ...)
	command.Stdout, command.Stderr = &out, &notes
	err := command.Run()
	if failed, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok || ok && failed.ExitCode() < 0 {
		t.Fatal(err)
	}
	return exited{command.ProcessState.ExitCode(), out.String(), notes.String()}
}

// call runs a command as the binary does, in this process. Where a command asks AWS,
// it reads this process's environment.
func call(t *testing.T, environ []string, args ...string) exited {
	t.Helper()
	var out, notes bytes.Buffer
	given := append([]string{}, args...) // cobra takes nil for the arguments of this process
	code := exitCode(t.Context(), given, streams{in: typed(t, ""), out: &out, err: &notes, environ: environ})
	return exited{code, out.String(), notes.String()}
}

// A value that the command takes, for each flag that must be given.
func rightValue(name string) []string {
	switch name {
	case "any":
		return []string{"--any"}
	case "role":
		return []string{"--" + name, "arn:aws:iam::111111111111:role/import"}
	case "destination-pool", "source-pool":
		return []string{"--" + name, "ap-northeast-1_GhIjKl456"}
	case "users":
		return []string{"--users", "1000"}
	default:
		return []string{"--" + name, "name"}
	}
}

// required returns the command's required flags with right values, but for one.
func (c *command) requiredBut(absent string) []string {
	var args []string
	for _, required := range c.required {
		if required != absent {
			name, _, _ := strings.Cut(required, "|")
			args = append(args, rightValue(name)...)
		}
	}
	return args
}

// wrongValues are values that no flag of this name takes.
func wrongValues(name string) []string {
	switch name {
	case "destination-pool", "source-pool":
		return []string{"GhIjKl456", "ap-northeast-1", "ap-northeast-1_", "tokyo_GhIjKl456", "arn:aws:cognito-idp:ap-northeast-1:111111111111:userpool/ap-northeast-1_GhIjKl456", ""}
	case "destination-client", "source-client":
		return []string{"a client", "a/b", ""}
	case "users":
		return []string{"0", "many", "-1", "1e6", "2000000000", ""}
	case "active", "peak-hour":
		return []string{"0", "1.1", "101%", "NaN", "half", ""}
	case "wrong-passwords":
		return []string{"-1", "NaN", "11", ""}
	case "source-parallel", "concurrency":
		return []string{"-1", "none", "1.5"}
	case "tries", "waves", "wave-days":
		return []string{"0", "1000"}
	case "source-latency", "retry-after":
		return []string{"0s", "-1s", "200"}
	case "source-kind", "source-profile", "habits":
		return []string{"sometimes", ""}
	case "destination-quota", "source-quota":
		return []string{"UserRead", "UserRead=-1", "UserRead=NaN", "UserRead=Inf", "userread=5", "=5", ""}
	case "price":
		return []string{"mau=1", "log-gb=free", "log-gb"}
	case "destination-region", "source-region":
		return []string{"tokyo", "ap-northeast-1a", ""}
	case "function":
		return []string{"a function", "arn:aws:s3:::bucket", "arn:aws:lambda:ap-northeast-1:1:function:f", "a:b:c:d", strings.Repeat("f", 65), ""}
	case "addr":
		return []string{"9000", "0.0.0.0:9000", "example.com:9000"}
	case "trigger":
		return []string{"signup"}
	case "attempted-at":
		return []string{"yesterday"}
	case "role":
		return []string{"import", "arn:aws:iam::1:role/import", "arn:aws:iam::111111111111:user/import", ""}
	case "poll":
		return []string{"10", "0s"}
	case "vouch":
		return []string{"phone", "all", "email,", ""}
	case "only":
		return []string{"mfa", ""}
	case "recent-days", "file-rows":
		return []string{"0", "-1", "many", "500000000"}
	case "timeout":
		return []string{"30", "-1s", "0s", "soon"}
	default:
		return nil
	}
}

// TestEveryWrongUseOfEveryCommand: each wrong use ends with code 2, and prints
// nothing to standard output. It names what is wrong and where the right use is
// described. The first use runs the real binary too.
func TestEveryWrongUseOfEveryCommand(t *testing.T) {
	t.Parallel()
	type use struct {
		args []string
		want []string
	}
	state := filepath.Join(t.TempDir(), "move.db")
	link := state + ".link"
	if err := errors.Join(os.WriteFile(state, nil, 0o600), os.Symlink(state, link)); err != nil {
		t.Fatal(err)
	}
	uses := map[string]use{
		"no command":                       {nil, []string{"a command is missing", "Usage: migratectl COMMAND"}},
		"an unknown command":               {[]string{"nonsense"}, []string{`there is no command "nonsense"`}},
		"a command with a typing error":    {[]string{"docter"}, []string{"did you mean doctor?"}},
		"an unknown flag before a command": {[]string{"--nonsense"}, []string{"there is no flag --nonsense"}},
		"help for an unknown command":      {[]string{"help", "nonsense"}, []string{`there is no command "nonsense" to explain`}},
		"help for two commands":            {[]string{"help", "doctor", "attach"}, []string{"to explain"}},
		"a name and an event":              {[]string{"simulate", "--username", "a", "--event", "b"}, []string{"give --event or --username, not both"}},
		"a user and all users":             {[]string{"complete", "--user", "a", "--all-owed", "b", "--destination-pool", "us-east-1_a"}, []string{"not both"}},
		"a time without a user":            {[]string{"complete", "--all-owed", "b", "--destination-pool", "us-east-1_a", "--attempted-at", "2026-01-02T03:04:05Z"}, []string{"--attempted-at is used with --user alone"}},
		"queued users without a file":      {[]string{"complete", "--user", "a", "--destination-pool", "us-east-1_a", "--include-queued"}, []string{"--include-queued is used with --all-owed alone"}},
		"no terminal to ask at":            {[]string{"simulate", "--username", "a"}, []string{"use --password-stdin"}},
		"completion of an unknown shell":   {[]string{"completion", "tcsh"}, []string{`"tcsh"`, "expected bash, zsh, fish"}},
		"the same pool twice":              {[]string{"init", "--source-pool", "us-east-1_a", "--destination-pool", "us-east-1_a"}, []string{"are the same user pool"}},
		"no folder":                        {[]string{"init", "--source-pool", "us-east-1_a", "--destination-pool", "us-east-1_b", "--out", ""}, []string{"--out is empty"}},
		"users and a state":                {[]string{"plan", "--users", "1", "--state", "move.db"}, []string{"give --users or --state, not both"}},
		"a profile without a region":       {[]string{"plan", "--users", "1", "--source-aws-profile", "p"}, []string{"give --source-region too"}},
		"quotas of another source":         {[]string{"plan", "--users", "1", "--source-kind", "other", "--source-quota", "UserRead=5"}, []string{"--source-kind cognito"}},
		"quotas of one account twice":      {[]string{"plan", "--users", "1", "--same-account", "--source-quota", "UserRead=5"}, []string{"--same-account uses the destination's quotas"}},
		"a state without a name":           {[]string{"report", "--destination-pool", "us-east-1_a", "--state", ""}, []string{`--state: "" is not valid; expected the name of a file`}},
		"the state as the page":            {[]string{"report", "--destination-pool", "us-east-1_a", "--state", "none.db", "--html", "./none.db"}, []string{"--state and --html name the same file"}},
		"a link to the state as a list":    {[]string{"report", "--destination-pool", "us-east-1_a", "--state", state, "--remaining", link}, []string{"--state and --remaining name the same file"}},
		"two lists in one file":            {[]string{"report", "--destination-pool", "us-east-1_a", "--map", "none.csv", "--remaining", filepath.Join(".", "none.csv")}, []string{"--remaining and --map name the same file"}},
		"completion of no shell":           {[]string{"completion"}, []string{"SHELL"}},
	}
	for _, command := range commands() {
		with := func(args ...string) []string { return append([]string{command.name}, args...) }
		flags := pflag.NewFlagSet(command.name, pflag.ContinueOnError)
		if command.flags != nil {
			command.flags(flags)
		}
		known := command.requiredBut("")
		if command.argument != "" {
			known = append(known, command.choices[0])
		}
		uses[command.name+": an unknown flag"] = use{with(append(known, "--nonsense=S3cret")...), []string{"there is no flag --nonsense\n"}}
		uses[command.name+": an unknown flag with one dash"] = use{with(append(known, "-nonsense")...), []string{"there is no flag --nonsense\n"}}
		uses[command.name+": an unknown letter"] = use{with(append(known, "-x")...), []string{"there is no flag -x"}}
		uses[command.name+": an argument too many"] = use{with(append(known, "surplus")...), []string{command.name + " takes"}}
		for _, required := range command.required {
			name, _, _ := strings.Cut(required, "|")
			uses[command.name+": without "+required] = use{with(command.requiredBut(required)...), []string{"give --" + name}}
		}
		flags.VisitAll(func(flag *pflag.Flag) {
			if flag.NoOptDefVal == "" {
				uses[command.name+": without the value of "+flag.Name] = use{with("--" + flag.Name), []string{"--" + flag.Name + " needs a value"}}
			}
			if flag.Value.Type() == "bool" {
				uses[command.name+": no boolean for "+flag.Name] = use{with("--" + flag.Name + "=perhaps"), []string{"--" + flag.Name, `"perhaps"`, "true or false"}}
			}
			for _, value := range wrongValues(flag.Name) {
				if command.name != "serve" || flag.Name != "function" || value != "" {
					uses[command.name+": "+flag.Name+" "+value] = use{with("--" + flag.Name + "=" + value), []string{"--" + flag.Name, `"` + value + `" is not valid; expected`}}
				}
			}
		})
	}
	for name, use := range uses {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			environ := []string{"SOURCE_KIND=file", "SOURCE_PATH=testdata/none.json"}
			got := call(t, environ, use.args...)
			if use.args == nil {
				if program := execute(t, environ); program != got {
					t.Errorf("the binary differs: %+v", program)
				}
			}
			if got.code != exitUsage || got.out != "" {
				t.Errorf("%q: code %d, standard output %q, standard error %s", use.args, got.code, got.out, got.errors)
			}
			for _, want := range append(use.want, "`bin/migratectl help") {
				if !strings.Contains(got.errors, want) {
					t.Errorf("%q: no %q in %s", use.args, want, got.errors)
				}
			}
			if strings.Contains(got.errors, "S3cret") {
				t.Errorf("%q: the value of an unknown flag is shown", use.args)
			}
		})
	}
}

// TestEveryCommandExplainsItself: each of the three ways prints the same text to
// standard output.
func TestEveryCommandExplainsItself(t *testing.T) {
	t.Parallel()
	for _, command := range commands() {
		t.Run(command.name, func(t *testing.T) {
			t.Parallel()
			help := call(t, nil, "help", command.name)
			for _, args := range [][]string{{command.name, "-h"}, {command.name, "--help"}, {command.name, "-help"}} {
				if got := call(t, nil, args...); got != help {
					t.Errorf("%q differs from help: code %d, %s%s", args, got.code, got.out, got.errors)
				}
			}
			if help.code != 0 || help.errors != "" {
				t.Errorf("code %d, standard error %q", help.code, help.errors)
			}
			for _, want := range []string{
				command.purpose, "Usage: migratectl " + command.name, "\nRequired flags:\n", "\nExamples:\n  bin/migratectl ",
				"\nExit codes:\n  0  ", "\n  1  ", "\n  2  ",
			} {
				if !strings.Contains(help.out, want) && want != "\nExamples:\n  bin/migratectl " || !strings.Contains(help.out, "bin/migratectl ") {
					t.Errorf("no %q in\n%s", want, help.out)
				}
			}
			for line := range strings.Lines(help.out) {
				if strings.Contains(line, "bin/migratectl") || len(strings.TrimRight(line, "\n")) <= helpWidth {
					continue
				}
				t.Errorf("a line is longer than %d columns: %s", helpWidth, line)
			}
		})
	}
	overview := call(t, nil, "help")
	if program := execute(t, nil, "help"); program != overview {
		t.Errorf("the binary differs: %+v", program)
	}
	for _, args := range [][]string{{"-h"}, {"--help"}, {"-help"}} {
		if got := call(t, nil, args...); got != overview || got.code != 0 {
			t.Errorf("%q differs from help: code %d, %s%s", args, got.code, got.out, got.errors)
		}
	}
	for _, command := range commands() {
		if !strings.Contains(overview.out, "\n  "+command.name+" ") {
			t.Errorf("help does not list %s", command.name)
		}
	}
}

// TestTheExamplesOfTheHelpAreRightUses parses both examples of each command.
func TestTheExamplesOfTheHelpAreRightUses(t *testing.T) {
	t.Parallel()
	for _, command := range commands() {
		for _, example := range command.examples {
			_, called, found := strings.Cut(strings.ReplaceAll(example, "\\\n", " "), "bin/migratectl ")
			if !found {
				t.Errorf("%s: the example %q does not call bin/migratectl", command.name, example)
			}
			called, _, _ = strings.Cut(called, ")")
			called, _, _ = strings.Cut(called, " >")
			args := strings.Fields(called)
			if args[0] == "--version" {
				continue
			}
			explained := append(args, "--help")
			got := runTool(t, nil, "", explained...)
			if got.err != nil || args[0] != command.name || !strings.Contains(got.out, command.purpose) {
				t.Errorf("%s: the example %q: %v", command.name, example, got.err)
			}
		}
	}
}

func TestTheToolTellsItsVersion(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"version"}, {"--version"}, {"-version"}, {"-v"}} {
		if got := call(t, nil, args...); got.code != 0 || strings.TrimSpace(got.out) != version || got.errors != "" {
			t.Errorf("%q: code %d, %q, %q", args, got.code, got.out, got.errors)
		}
	}
}

func TestShellsCompleteCommandsFlagsAndArguments(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"bash", "zsh", "fish"} {
		if got := call(t, nil, "completion", shell); got.code != 0 || !strings.Contains(got.out, "__complete") || !strings.Contains(got.out, "migratectl") {
			t.Errorf("%s: code %d, %s%s", shell, got.code, got.out, got.errors)
		}
	}
	for typed, want := range map[string]string{"doc": "doctor", "doctor --destination-p": "--destination-pool", "completion f": "fish", "help att": "attach"} {
		got := call(t, nil, append([]string{"__complete"}, strings.Fields(typed)...)...)
		if got.code != 0 || !strings.HasPrefix(got.out, want) {
			t.Errorf("%q: code %d, %s%s", typed, got.code, got.out, got.errors)
		}
	}
}

func TestFlagsWithOneDashAreTakenToo(t *testing.T) {
	t.Parallel()
	flags := pflag.NewFlagSet("any", pflag.ContinueOnError)
	flags.String("user", "", "")
	flags.Bool("json", false, "")
	for typed, want := range map[string]string{
		"-user alice -json":    "--user alice --json",
		"--user -json --json":  "--user -json --json",
		"-user=-x -json=false": "--user=-x --json=false",
		"-json alice":          "--json alice",
		"-h -x":                "-h -x",
		"-user":                "--user",
		"-- -user":             "-- -user",
		"- --":                 "- --",
	} {
		if got := strings.Join(withDoubleDashes(strings.Fields(typed), flags), " "); got != want {
			t.Errorf("%q becomes %q, not %q", typed, got, want)
		}
	}
}
