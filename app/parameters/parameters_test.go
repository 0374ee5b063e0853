package parameters_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cognito-user-migration/app/doctor"
	"cognito-user-migration/app/parameters"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports/setup"

	"go.yaml.in/yaml/v3"
)

// schema has every standard attribute and the custom ones given.
func schema(custom ...setup.PoolAttribute) []setup.PoolAttribute {
	attributes := []setup.PoolAttribute{
		{Name: "sub", Type: "String", Required: true},
		{Name: "email_verified", Type: "Boolean", Mutable: true}, {Name: "phone_number_verified", Type: "Boolean", Mutable: true},
	}
	for _, name := range domain.StandardAttributes() {
		kind := "String"
		if name == "updated_at" {
			kind = "Number"
		}
		attributes = append(attributes, setup.PoolAttribute{Name: name, Type: kind, Mutable: true})
	}
	return append(attributes, custom...)
}

func text(name string) setup.PoolAttribute {
	return setup.PoolAttribute{Name: name, Type: "String", Mutable: true}
}

// request is one of two pools in order, in two accounts.
func request() parameters.Request {
	pool := func(id, account string, client parameters.Client) parameters.Pool {
		return parameters.Pool{
			UserPool: setup.UserPool{ID: id, ARN: "arn:aws:cognito-idp:eu-west-1:" + account + ":userpool/" + id, Attributes: schema(), MFA: "OFF"},
			Clients:  []parameters.Client{client},
		}
	}
	return parameters.Request{
		Source:      pool("eu-west-1_Source", "222222222222", parameters.Client{Name: "app", AppClient: setup.AppClient{ID: "old", Flows: []string{"ALLOW_USER_SRP_AUTH"}}}),
		Destination: pool("eu-west-1_Destination", "111111111111", parameters.Client{Name: "app", AppClient: setup.AppClient{ID: "new", Flows: []string{"ALLOW_USER_PASSWORD_AUTH"}, ConcealsUsers: true}}),
		Folder:      "deploy/parameters", ExternalID: "RANDOM",
	}
}

// inOneAccount moves the source into the destination's account.
func inOneAccount(r *parameters.Request) {
	r.Source.ARN = strings.ReplaceAll(r.Source.ARN, "222222222222", "111111111111")
}

// pairs reads a file of CloudFormation's parameters.
func pairs(t *testing.T, plan parameters.Plan, name string) map[string]string {
	t.Helper()
	read := make(map[string]string)
	for _, file := range plan.Files {
		if file.Name != name {
			continue
		}
		var list []string
		if err := json.Unmarshal(file.Content, &list); err != nil {
			t.Fatal(err)
		}
		for _, pair := range list {
			key, value, _ := strings.Cut(pair, "=")
			read[key] = value
		}
		return read
	}
	t.Fatalf("there is no file %s", name)
	return nil
}

func TestTheRulesFitBothPools(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		change     func(*parameters.Request)
		attributes string
		lost       []string
		username   string
		complaint  string // a check that is not in order
	}{
		"two pools of the same shape": {func(*parameters.Request) {}, "*,preferred_username", nil, "auto", ""},
		"custom attributes that both have": {func(r *parameters.Request) {
			r.Source.Attributes, r.Destination.Attributes = schema(text("custom:b"), text("custom:a")), schema(text("custom:a"), text("custom:b"))
		}, "*,custom:a,custom:b,preferred_username", nil, "auto", ""},
		"a custom attribute that the destination lacks": {func(r *parameters.Request) {
			r.Source.Attributes = schema(text("custom:a"))
		}, "*,preferred_username", []string{"custom:a"}, "auto", ""},
		"a custom attribute of another type": {func(r *parameters.Request) {
			r.Source.Attributes, r.Destination.Attributes = schema(text("custom:a")), schema(setup.PoolAttribute{Name: "custom:a", Type: "Number"})
		}, "*,preferred_username", []string{"custom:a"}, "auto", ""},
		"a destination that keeps the old sub": {func(r *parameters.Request) {
			r.Destination.Attributes = schema(text("custom:legacy_sub"))
		}, "*,preferred_username,custom:legacy_sub=sub", nil, "auto", ""},
		"an alias that users write themselves": {func(r *parameters.Request) {
			r.Destination.AliasAttributes = []string{"preferred_username"}
		}, "*", []string{"preferred_username"}, "auto", ""},
		"an alias on both sides": {func(r *parameters.Request) {
			r.Source.AliasAttributes, r.Destination.AliasAttributes = []string{"preferred_username"}, []string{"preferred_username"}
		}, "*,preferred_username", nil, "auto", ""},
		"a destination that makes the usernames": {func(r *parameters.Request) {
			r.Destination.UsernameAttributes = []string{"email"}
		}, "*,preferred_username", nil, "omit", ""},
		"a source that makes the usernames, and a destination with email as alias": {func(r *parameters.Request) {
			r.Source.UsernameAttributes, r.Destination.AliasAttributes = []string{"email"}, []string{"email"}
		}, "*,preferred_username", nil, "source", ""},
		"an attribute that the destination requires": {func(r *parameters.Request) {
			r.Source.Attributes, r.Destination.Attributes = schema(), schema(setup.PoolAttribute{Name: "custom:must", Type: "String", Required: true})
		}, "*,preferred_username", nil, "auto", "attributes required"},
		"a second factor for everyone":       {func(r *parameters.Request) { r.Source.MFA = "ON" }, "*,preferred_username", nil, "auto", "MFA"},
		"letter case that begins to matter":  {func(r *parameters.Request) { r.Destination.CaseSensitive = true }, "*,preferred_username", nil, "auto", "case sensitivity"},
		"no client that invokes the trigger": {func(r *parameters.Request) { r.Destination.Clients[0].Flows = nil }, "*,preferred_username", nil, "auto", "destination client flow"},
		"no client at all":                   {func(r *parameters.Request) { r.Destination.Clients = nil }, "*,preferred_username", nil, "auto", "destination client"},
		"another trigger":                    {func(r *parameters.Request) { r.Destination.UserMigration = "arn:aws:lambda:x" }, "*,preferred_username", nil, "auto", "trigger"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, both := range []func(*parameters.Request){func(*parameters.Request) {}, inOneAccount} {
				given := request()
				both(&given)
				row.change(&given)
				plan := parameters.Make(given)
				file := "destination-account.json"
				if plan.OneAccount {
					file = "one-account.json"
				}
				read := pairs(t, plan, file)
				if read["MigrateAttributes"] != row.attributes || read["MigrateUsername"] != row.username || read["MigrateDestinationSchema"] != doctor.DestinationSchema(given.Destination.UserPool).String() {
					t.Errorf("got %v", read)
				}
				if _, err := domain.ParseAttributeMap(read["MigrateAttributes"]); err != nil {
					t.Error(err)
				}
				var lost, complaints []string
				for _, attribute := range plan.Lost {
					lost = append(lost, attribute.Name)
				}
				for _, check := range plan.Checks {
					if check.Status == doctor.Fail || check.Status == doctor.Warn {
						complaints = append(complaints, check.Name)
					}
				}
				if !slices.Equal(lost, row.lost) || row.complaint == "" != (len(complaints) == 0) || row.complaint != "" && !slices.Contains(complaints, row.complaint) {
					t.Errorf("lost %q, complaints %q", lost, complaints)
				}
			}
		})
	}
}

func TestTheSourcesAppClientIsUsedOnlyIfItFits(t *testing.T) {
	t.Parallel()
	fits := setup.AppClient{ID: "fits", Flows: []string{"ALLOW_ADMIN_USER_PASSWORD_AUTH"}}
	secret, conceals, flow := fits, fits, fits
	secret.Secret, conceals.ConcealsUsers, flow.Flows = domain.NewSecret("s"), true, []string{"ALLOW_USER_PASSWORD_AUTH"}
	for name, row := range map[string]struct {
		clients []parameters.Client
		want    string
	}{
		"none":                        {nil, ""},
		"one that fits":               {[]parameters.Client{{"app", fits}}, "fits"},
		"one with a secret":           {[]parameters.Client{{"app", secret}}, ""},
		"one that conceals its users": {[]parameters.Client{{"app", conceals}}, ""},
		"one without the flow":        {[]parameters.Client{{"app", flow}}, ""},
		"the one that was made for it": {[]parameters.Client{
			{"app", setup.AppClient{ID: "other", Flows: fits.Flows}}, {"user-migration", fits},
		}, "fits"},
	} {
		given := request()
		inOneAccount(&given)
		given.Source.Clients = row.clients
		if got := pairs(t, parameters.Make(given), "one-account.json")["SourceClientId"]; got != row.want {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

func TestTwoAccountsAgreeOnRoleAndExternalID(t *testing.T) {
	t.Parallel()
	given := request()
	given.SourceProfile, given.DestinationProfile = "old", "new"
	plan := parameters.Make(given)
	source, destination := pairs(t, plan, "source-account.json"), pairs(t, plan, "destination-account.json")
	for name, want := range map[string]string{
		"SourceRoleArn": "arn:aws:iam::222222222222:role/user-migration", "SourceExternalId": "RANDOM", "SourceUserPoolId": "eu-west-1_Source",
		"ImageUri":     "111111111111.dkr.ecr.eu-west-1.amazonaws.com/user-migration:1",
		"AuditHmacKey": "ssm:/user-migration/audit-hmac-key", "SecretParameterArns": "arn:aws:ssm:eu-west-1:111111111111:parameter/user-migration/audit-hmac-key",
	} {
		if destination[name] != want {
			t.Errorf("%s is %s", name, destination[name])
		}
	}
	if source["SourceExternalId"] != "RANDOM" || source["FunctionRoleArn"] != "arn:aws:iam::111111111111:role/user-migration-function" || source["SourceUserPoolId"] != "eu-west-1_Source" {
		t.Errorf("got %v", source)
	}
	var all strings.Builder
	for _, step := range append(plan.Steps, plan.Alternatives...) {
		for _, command := range step.Commands {
			all.WriteString(command + "\n")
			if strings.Contains(command, "aws ") && !strings.Contains(command, "--region eu-west-1") {
				t.Errorf("it depends on the region of the shell: %s", command)
			}
		}
	}
	for _, want := range []string{
		"--profile old --region eu-west-1 --stack-name user-migration-source", "--profile new --region eu-west-1 --stack-name user-migration ",
		"AWS_PROFILE=new bin/migratectl attach --destination-pool eu-west-1_Destination --function user-migration --yes", "--source-aws-profile old",
		"sed -i.bak", "output -raw source_client_id",
	} {
		if !strings.Contains(all.String(), want) {
			t.Errorf("no %q in\n%s", want, all.String())
		}
	}
}

// TestTheTemplatesTakeTheParameters: each parameter that is written is one of its
// template, in both languages, and has a value that the template takes.
func TestTheTemplatesTakeTheParameters(t *testing.T) {
	t.Parallel()
	for _, both := range []func(*parameters.Request){func(*parameters.Request) {}, inOneAccount} {
		given := request()
		both(&given)
		plan := parameters.Make(given)
		for _, file := range plan.Files {
			set, isJSON := strings.CutSuffix(file.Name, ".json")
			if !isJSON {
				continue
			}
			template := strings.Replace(set, "one-account", "destination-account", 1)
			source, err := os.ReadFile(filepath.Join("..", "..", "deploy", "cloudformation", template+".yaml"))
			if err != nil {
				t.Fatal(err)
			}
			var takes struct {
				Parameters map[string]struct {
					AllowedPattern string   `yaml:"AllowedPattern"`
					AllowedValues  []string `yaml:"AllowedValues"`
					Default        *string  `yaml:"Default"`
				} `yaml:"Parameters"`
			}
			if err := yaml.Unmarshal(source, &takes); err != nil {
				t.Fatal(err)
			}
			variables, err := os.ReadFile(filepath.Join("..", "..", "deploy", "terraform", template, "variables.tf"))
			if err != nil {
				t.Fatal(err)
			}
			read := pairs(t, plan, file.Name)
			for name, value := range read {
				parameter, known := takes.Parameters[name]
				pattern := parameter.AllowedPattern
				fits := pattern == "" || regexp.MustCompile("^(?:"+pattern+")$").MatchString(value)
				if !known || value != "FROM-THE-SOURCE-STACK" && !fits || parameter.AllowedValues != nil && !slices.Contains(parameter.AllowedValues, value) {
					t.Errorf("%s does not take %s=%s", set, name, value)
				}
				if value == "FROM-THE-SOURCE-STACK" && fits {
					t.Errorf("%s takes the value that is to be filled in: %s", set, name)
				}
			}
			for name, parameter := range takes.Parameters {
				if _, given := read[name]; parameter.Default == nil && !given {
					t.Errorf("%s needs %s", set, name)
				}
			}
			for _, other := range plan.Files {
				if other.Name != set+".tfvars" {
					continue
				}
				for _, assignment := range regexp.MustCompile(`(?m)^(\w+) = `).FindAllStringSubmatch(string(other.Content), -1) {
					if !strings.Contains(string(variables), `variable "`+assignment[1]+`"`) {
						t.Errorf("terraform/%s has no variable %s", set, assignment[1])
					}
				}
				if strings.Count(string(other.Content), "# ") != len(read) {
					t.Errorf("not every line of %s is explained:\n%s", other.Name, other.Content)
				}
			}
		}
	}
}

func TestCommandsCanBePastedWhateverTheNames(t *testing.T) {
	t.Parallel()
	given := request()
	given.SourceProfile, given.DestinationProfile, given.Folder = "old one", "it's; new", "my files/$(x)"
	plan := parameters.Make(given)
	for _, step := range append(plan.Steps, plan.Alternatives...) {
		for _, command := range step.Commands {
			for _, bare := range []string{" old one ", "=old one ", "it's; new", "file://my files"} {
				if strings.Contains(command, bare) {
					t.Errorf("%q is not quoted: %s", bare, command)
				}
			}
			if checked := exec.CommandContext(t.Context(), "sh", "-n", "-c", command); checked.Run() != nil {
				t.Errorf("no shell reads %s", command)
			}
		}
	}
}

// TestAnotherRegionOfOneAccount: a stack makes no app client in another region.
func TestAnotherRegionOfOneAccount(t *testing.T) {
	t.Parallel()
	given := request()
	inOneAccount(&given)
	given.Source.ARN, given.Source.ID = strings.ReplaceAll(given.Source.ARN, "eu-west-1", "eu-central-1"), "eu-central-1_Source"
	plan := parameters.Make(given)
	if pairs(t, plan, "one-account.json")["SourceClientId"] != "FROM-THE-SOURCE-STACK" {
		t.Error("the stack would make the app client")
	}
	commands := ""
	for _, step := range plan.Steps {
		commands += strings.Join(step.Commands, "\n")
	}
	if !strings.Contains(commands, "create-user-pool-client --region eu-central-1 --user-pool-id eu-central-1_Source") {
		t.Errorf("nothing makes it in\n%s", commands)
	}
}
