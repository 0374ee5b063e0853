package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheImageIsPushed runs the script against an aws and a docker that write
// down how they were called, and what they were given.
func TestTheImageIsPushed(t *testing.T) {
	t.Parallel()
	const uri = "111111111111.dkr.ecr.ap-northeast-1.amazonaws.com/user-migration:1"
	const login = "aws ecr get-login-password --region ap-northeast-1"
	for name, row := range map[string]struct {
		arguments []string
		there     bool // the repository
		calls     []string
		fails     string
	}{
		"nothing without --yes": {arguments: []string{"--create", "--from", "local:1", uri}},
		"pushed": {
			arguments: []string{"--yes", uri},
			calls:     []string{login, "docker login --username AWS --password-stdin 111111111111.dkr.ecr.ap-northeast-1.amazonaws.com <secret", "docker push " + uri},
		},
		"tagged": {
			arguments: []string{"--yes", "--from", "local:1", uri},
			calls:     []string{"docker tag local:1 " + uri, login, "docker push " + uri},
		},
		"the repository made": {
			arguments: []string{"--yes", "--create", uri},
			calls: []string{
				"aws ecr create-repository --region ap-northeast-1 --registry-id 111111111111 --repository-name user-migration --image-tag-mutability IMMUTABLE",
				"aws ecr set-repository-policy --region ap-northeast-1", `"aws:SourceArn":"arn:aws:lambda:ap-northeast-1:111111111111:function:*"`,
				"docker push " + uri,
			},
		},
		"the repository in another partition": {
			arguments: []string{"--yes", "--create", "111111111111.dkr.ecr.cn-north-1.amazonaws.com.cn/user-migration:1"},
			calls:     []string{`"aws:SourceArn":"arn:aws-cn:lambda:cn-north-1:111111111111:function:*"`, "--password-stdin 111111111111.dkr.ecr.cn-north-1.amazonaws.com.cn"},
		},
		"the repository there": {
			arguments: []string{"--yes", "--create", uri}, there: true,
			calls: []string{"aws ecr describe-repositories", "docker push " + uri},
		},
		"no tag":       {arguments: []string{"--yes", strings.TrimSuffix(uri, ":1")}, fails: "is no image in ECR with a tag"},
		"no ECR":       {arguments: []string{"--yes", "docker.io/library/user-migration:1"}, fails: "is no image in ECR with a tag"},
		"no name":      {arguments: []string{"--yes"}, fails: "usage:"},
		"unknown flag": {arguments: []string{"--force", uri}, fails: "usage:"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			calls := filepath.Join(folder, "calls")
			there := "exit 1"
			if row.there {
				there = "exit 0"
			}
			standIn(t, folder, "aws", `printf '%s\n' "aws $*" >>"$CALLS"; case "$2" in describe-repositories) `+there+`;; get-login-password) echo secret;; esac`)
			standIn(t, folder, "docker", `given=; case "$1" in login) given=" <$(cat)";; esac; printf '%s\n' "docker $*$given" >>"$CALLS"`)
			command := exec.CommandContext(t.Context(), "./push-image.sh", row.arguments...)
			command.Env = []string{"PATH=" + folder + ":" + os.Getenv("PATH"), "CALLS=" + calls, "ENGINE=docker"}
			output, err := command.CombinedOutput()
			if row.fails != "" {
				if err == nil || !strings.Contains(string(output), row.fails) {
					t.Errorf("not %q but %v\n%s", row.fails, err, output)
				}
				return
			}
			if err != nil {
				t.Fatalf("%v\n%s", err, output)
			}
			text, _ := os.ReadFile(calls)
			made := string(text)
			if len(row.calls) == 0 && made != "" {
				t.Errorf("called without --yes:\n%s", made)
			}
			for _, want := range row.calls {
				before, after, found := strings.Cut(made, want)
				if !found {
					t.Errorf("not called, or out of order: %s\nbut:\n%s%s", want, before, after)
				}
				made = after
			}
			if row.there && strings.Contains(string(text), "create-repository") {
				t.Error("a repository that is there was made again")
			}
			if strings.Contains(string(output), "secret") {
				t.Errorf("the password was shown:\n%s", output)
			}
		})
	}
}

func standIn(t *testing.T, folder, name, does string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, name), []byte("#!/usr/bin/env bash\n"+does+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
}

// TestAnEngineThatDoesNotWork: the script says why, and shows what it would do all
// the same.
func TestAnEngineThatDoesNotWork(t *testing.T) {
	t.Parallel()
	const uri = "111111111111.dkr.ecr.ap-northeast-1.amazonaws.com/user-migration:1"
	const stopped = "Cannot connect to the Docker daemon. Is the docker daemon running?"
	for name, row := range map[string]struct {
		engine    string
		arguments []string
		fails     bool
		says      string
	}{
		"pushed by the first that works": {"", []string{"--yes", uri}, true, "docker: " + stopped},
		"pushed by one that is named":    {"ENGINE=docker", []string{"--yes", uri}, true, "docker: " + stopped},
		"shown alone":                    {"", []string{uri}, false, "+ docker push " + uri},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			standIn(t, folder, "aws", "exit 1")
			for _, engine := range []string{"docker", "podman", "buildah"} {
				standIn(t, folder, engine, "echo '"+stopped+"' >&2; exit 1")
			}
			command := exec.CommandContext(t.Context(), "./push-image.sh", row.arguments...)
			command.Env = []string{"PATH=" + folder + ":" + os.Getenv("PATH"), row.engine}
			output, err := command.CombinedOutput()
			if (err != nil) != row.fails || !strings.Contains(string(output), row.says) {
				t.Errorf("%v\n%s", err, output)
			}
		})
	}
}
