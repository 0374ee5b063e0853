package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"cognito-user-migration/test/bench/stub"
)

// The names of programs that targets and tables speak of.
const (
	Floor     = "floor"
	Bootstrap = "bootstrap"
	IDToken   = "id_token"
	NoWarming = "no_warming"
	Python    = "python"
	Node      = "node"
	Minimal   = "minimal"
)

// program is a program to measure.
type program struct {
	name, title, label string
	// prepare makes it ready to run, or says by [errAbsent] why it cannot be.
	prepare func(context.Context, workshop) (executable, error)
	// env has its variables besides those of every program.
	env []string
	// share is the part of the warm invocations that it gets: slow ones fewer.
	share float64
	// quota says whether the program also runs under a quota.
	quota bool
}

// executable is a program that is ready to run.
type executable struct {
	path string
	args []string
	env  []string
	// bytes is the size of what is deployed, where it is one file.
	bytes int64
}

// errAbsent is why a program cannot be run on this machine.
type errAbsent struct{ reason string }

func (e errAbsent) Error() string { return e.reason }

// programs are all that can be measured, in the order in which they run. A new
// variant is one line.
func programs(compare string) []program {
	all := []program{
		{name: Floor, title: "two bare HTTPS round trips, net/http", label: "floor: two bare calls", prepare: goProgram("floor", "./test/bench/cmd/floor"), share: 1, quota: true},
		{name: Bootstrap, title: "bootstrap, as it is shipped", label: "this function", prepare: bootstrap, share: 1, quota: true},
		{name: IDToken, title: "bootstrap, SOURCE_PROFILE=id_token", label: "with id_token", prepare: bootstrap, share: 1, env: []string{"SOURCE_PROFILE=id_token"}},
		{name: "concurrent", title: "bootstrap, SOURCE_PROFILE=concurrent", label: "with concurrent", prepare: bootstrap, share: 1, env: []string{"SOURCE_PROFILE=concurrent"}},
		{name: NoWarming, title: "bootstrap, not warmed", label: "not warmed", prepare: goProgram("bootstrap-unwarmed", "./test/unwarmed"), share: 1, quota: true},
		{name: "stock_roots", title: "bootstrap, this machine's CA bundle", label: "stock CA bundle", prepare: stockRoots(bootstrap), share: 0.2, quota: true},
		{name: Minimal, title: "bootstrap, Cognito source alone", label: "Cognito source alone", prepare: goProgram("bootstrap-cognito", "./app/cmd/bootstrap-cognito"), share: 1},
		{name: Node, title: "Node.js, SDK v3, bundled, role cached", label: "Node.js, role cached", prepare: nodeProgram, share: 0.5, quota: true},
		{name: Python, title: "the article's flow, Python, boto3", label: "Python, the article's", prepare: pythonProgram, share: 0.05, quota: true},
	}
	for path := range strings.SplitSeq(compare, ",") {
		if path == "" {
			continue
		}
		name := filepath.Base(path)
		all = append(all, program{name: name, title: "bootstrap, " + path, label: name, prepare: built(path), share: 1, quota: true})
	}
	return all
}

// workshop is where programs are made ready.
type workshop struct {
	top    string // of the checkout
	folder string // for what is built
	roots  string // what the stub's certificate goes back to, in PEM
}

const (
	// productionTags and productionLDFlags are the Makefile's; a test compares
	// them.
	productionTags    = "lambda.norpc,nethttpomithttp2"
	productionLDFlags = "-s -w -X main.version=bench"
)

// bootstrap is the function's binary as it is shipped.
func bootstrap(ctx context.Context, w workshop) (executable, error) {
	return goProgram("bootstrap", "./app/cmd/bootstrap")(ctx, w)
}

// built is a binary that was built before.
func built(path string) func(context.Context, workshop) (executable, error) {
	return func(context.Context, workshop) (executable, error) {
		absolute, err := filepath.Abs(path)
		if err != nil {
			return executable{}, err
		}
		info, err := os.Stat(absolute)
		if err != nil {
			return executable{}, err
		}
		return executable{path: absolute, bytes: info.Size()}, nil
	}
}

// goProgram builds a program of this repository, once for each name.
func goProgram(name, path string) func(context.Context, workshop) (executable, error) {
	return func(ctx context.Context, w workshop) (executable, error) {
		binary := filepath.Join(w.folder, name)
		if _, err := os.Stat(binary); err != nil {
			build := exec.CommandContext(ctx, "go", "build", "-trimpath", //nolint:gosec // our own words
				"-tags", productionTags, "-ldflags", productionLDFlags, "-o", binary+".linked", ".")
			build.Dir = filepath.Join(w.top, path) // there the go command finds the module that it belongs to
			build.Env = append(os.Environ(), "CGO_ENABLED=0")
			if output, err := build.CombinedOutput(); err != nil {
				return executable{}, fmt.Errorf("go build %s: %w\n%s", path, err, output)
			}
			if err := unpack(binary+".linked", binary); err != nil {
				return executable{}, err
			}
		}
		info, err := os.Stat(binary)
		if err != nil {
			return executable{}, err
		}
		return executable{path: binary, bytes: info.Size()}, nil
	}
}

// unpack writes a program from its beginning to its end and in pieces, as an image's
// layer is unpacked. The linker writes in no order. The system's cache of such a file
// can make each start up to a sixth longer, by luck.
func unpack(linked, binary string) error {
	from, err := os.Open(linked)
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }()
	to, err := os.OpenFile(binary, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o700) //nolint:gosec // it is run
	if err != nil {
		return err
	}
	// Not io.Copy of the two files: the kernel would choose the pieces.
	_, err = io.CopyBuffer(struct{ io.Writer }{to}, struct{ io.Reader }{from}, make([]byte, 32<<10))
	return errors.Join(err, to.Close(), os.Remove(linked))
}

// stockRoots runs a program with the machine's own bundle of certificates, as
// programs do by default.
func stockRoots(prepare func(context.Context, workshop) (executable, error)) func(context.Context, workshop) (executable, error) {
	return func(ctx context.Context, w workshop) (executable, error) {
		ready, err := prepare(ctx, w)
		if err != nil {
			return executable{}, err
		}
		stock := stockBundle()
		if stock == nil {
			return executable{}, errAbsent{"this machine has no CA bundle"}
		}
		file := filepath.Join(w.folder, "stock.pem")
		if err := os.WriteFile(file, append(append(stock, '\n'), w.roots...), 0o600); err != nil {
			return executable{}, err
		}
		ready.env = []string{"SSL_CERT_FILE=" + file}
		return ready, nil
	}
}

// stockBundle is the machine's own bundle of certificates, nil where it has none.
func stockBundle() []byte {
	for _, candidate := range []string{"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"} {
		if bundle, err := os.ReadFile(candidate); err == nil {
			return bundle
		}
	}
	return nil
}

// pythonProgram is the article's flow. The interpreter is asked where it really
// is: what stands in the PATH may be a script that looks for it at every start.
func pythonProgram(ctx context.Context, w workshop) (executable, error) {
	output, err := exec.CommandContext(ctx, "python3", "-c",
		"import sys, boto3, botocore.httpsession as h; print(sys.executable); print(h.get_cert_path(True))").Output()
	if err != nil {
		return executable{}, errAbsent{"python3 with boto3 is not installed"}
	}
	lines := strings.Fields(string(output))
	if len(lines) != 2 {
		return executable{}, fmt.Errorf("python3 said %q", output)
	}
	// What the SDK loads everywhere, and the stub's root.
	bundle, err := os.ReadFile(lines[1])
	if err != nil {
		return executable{}, err
	}
	file := filepath.Join(w.folder, "python.pem")
	if err := os.WriteFile(file, append(append(bundle, '\n'), w.roots...), 0o600); err != nil {
		return executable{}, err
	}
	return executable{
		path: lines[0],
		args: []string{filepath.Join(w.top, "test/bench/python/function.py")},
		env:  []string{"AWS_CA_BUNDLE=" + file},
	}, nil
}

// nodeProgram is the same flow in JavaScript, in one file.
func nodeProgram(ctx context.Context, w workshop) (executable, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return executable{}, errAbsent{"Node.js is not installed"}
	}
	folder := filepath.Join(w.top, "test/bench/node")
	esbuild := filepath.Join(folder, "node_modules/.bin/esbuild")
	if _, err := os.Stat(esbuild); err != nil {
		return executable{}, errAbsent{"its packages are not installed (npm ci in test/bench/node)"}
	}
	bundle := filepath.Join(w.folder, "function.js")
	command := exec.CommandContext(ctx, esbuild, "--bundle", "--platform=node", "--target=node20", "--minify", //nolint:gosec // of our lock file
		"--log-level=error", "--outfile="+bundle, "function.mjs")
	command.Dir = folder
	if output, err := command.CombinedOutput(); err != nil {
		return executable{}, fmt.Errorf("esbuild: %w\n%s", err, bytes.TrimSpace(output))
	}
	info, err := os.Stat(bundle)
	if err != nil {
		return executable{}, err
	}
	roots := filepath.Join(w.folder, "roots.pem")
	return executable{path: node, args: []string{bundle}, env: []string{"NODE_EXTRA_CA_CERTS=" + roots}, bytes: info.Size()}, nil
}

// The function's settings of the source.
const (
	userPool = "us-east-1_Source001"
	client   = "1example23456789"
	roleARN  = "arn:aws:iam::222222222222:role/migration"
)

// environment has the variables of every program: the stub's addresses,
// Lambda's own variables, and the function's settings.
func environment(addresses stub.Addresses, folder string) []string {
	return []string{
		"AWS_ACCESS_KEY_ID=ASIAFUNCTIONFUNCTION",
		"AWS_SECRET_ACCESS_KEY=" + strings.Repeat("f", 40),
		"AWS_SESSION_TOKEN=" + strings.Repeat("FQoG", 90),
		"AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE=" + os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull,
		"AWS_ENDPOINT_URL_STS=" + addresses.STS,
		"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER=" + addresses.Cognito,
		"AWS_ENDPOINT_URL_SQS=" + addresses.SQS,
		// As in the image: one file, and no folder of certificates.
		"SSL_CERT_FILE=" + filepath.Join(folder, "roots.pem"),
		"SSL_CERT_DIR=" + filepath.Join(folder, "no-certificates"),
		"SOURCE_USER_POOL_ID=" + userPool,
		"SOURCE_CLIENT_ID=" + client,
		"SOURCE_ROLE_ARN=" + roleARN,
	}
}

// event is a sign-in as Cognito sends it.
const event = `{"version":"1","triggerSource":"UserMigration_Authentication","region":"us-east-1","userPoolId":"us-east-1_Dest00001",` +
	`"userName":"` + stub.Username + `","callerContext":{"awsSdkVersion":"aws-sdk-unknown-unknown","clientId":"1example23456789"},` +
	`"request":{"password":"` + stub.Password + `","validationData":null,"userAttributes":null},` +
	`"response":{"userAttributes":null,"forceAliasCreation":null,"enableSMSMFA":null,"finalUserStatus":null,"messageAction":null,"desiredDeliveryMediums":null}}`

// choose picks programs by their names.
func choose(all []program, names []string) ([]program, error) {
	if len(names) == 0 {
		return all, nil
	}
	var chosen []program
	for _, name := range names {
		var known []string
		found := false
		for _, p := range all {
			known = append(known, p.name)
			if p.name == name {
				chosen, found = append(chosen, p), true
			}
		}
		if !found {
			return nil, errors.New("no program " + name + "; there are: " + strings.Join(known, ", "))
		}
	}
	return chosen, nil
}
