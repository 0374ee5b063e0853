package main

import (
	"bytes"
	"strings"
	"testing"

	"cognito-user-migration/app/doctor"
)

func TestFunctionNames(t *testing.T) {
	t.Parallel()
	for name, right := range map[string]bool{
		"user-migration": true, "user-migration:live": true, "f:$LATEST": true, "111111111111:function:f": true, "111111111111:function:f:1": true,
		"arn:aws:lambda:ap-northeast-1:111111111111:function:f": true, "arn:aws-cn:lambda:cn-north-1:111111111111:function:f:live": true,
		"": false, ":": false, "a:": false, ":a": false, "arn": false, "arn:aws:lambda:x:111111111111:function:f": false,
		"arn:aws:lambda:us-east-1:1:function:f": false, "a function": false, "1:function:f": false, "111111111111:layer:f": false,
		"arn:aws:lambda:us-east-1:111111111111:function:f:a:b": false,
	} {
		if err := checkFunction(name); (err == nil) != right {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// TestColoursAreForTerminalsAlone: what goes into a file or a pipe has none.
func TestColoursAreForTerminalsAlone(t *testing.T) {
	t.Parallel()
	checks := []doctor.Check{
		{Name: "one", Status: doctor.Pass, Saw: "fine"},
		{Name: "two", Status: doctor.Fail, Saw: strings.Repeat("a long reason ", 10), Remedy: "run `bin/migratectl attach --destination-pool ap-northeast-1_GhIjKl456 --function user-migration --replace`"},
		{Name: "three", Status: doctor.Skip, Saw: "not asked"}, {Name: "four", Status: doctor.Warn, Saw: "unwise", Remedy: "aws lambda " + strings.Repeat("word ", 30)},
	}
	var plain, coloured bytes.Buffer
	if writeChecks(&plain, checks, false) != nil || writeChecks(&coloured, checks, true) != nil {
		t.Fatal("it cannot be written")
	}
	if strings.Contains(plain.String(), "\x1b") || strings.Count(coloured.String(), "\x1b[0m") != len(checks) {
		t.Errorf("got %q and %q", plain.String(), coloured.String())
	}
	if !strings.HasPrefix(plain.String(), "1 fail, 1 warn, 1 pass, 1 skip\n\nfail  two ") {
		t.Errorf("the worst is not first in\n%s", plain.String())
	}
	for _, command := range []string{checks[1].Remedy[4:], strings.TrimSpace(checks[3].Remedy)} {
		if !strings.Contains(plain.String(), command) {
			t.Errorf("a command is broken into lines: %q in\n%s", command, plain.String())
		}
	}
	if colours(streams{out: &plain}) || colours(streams{out: &plain, environ: []string{"NO_COLOR=1"}}) {
		t.Error("a buffer is taken for a terminal")
	}
}
