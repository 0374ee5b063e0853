package deploy_test

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// template is a CloudFormation template, with its short intrinsic functions
// (!Ref) written long ({"Ref": …}).
type template map[string]any

func readTemplate(t *testing.T, name string) template {
	t.Helper()
	text, err := os.ReadFile("cloudformation/" + name + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	return parseTemplate(t, text)
}

func parseTemplate(t *testing.T, text []byte) template {
	t.Helper()
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	value, err := plain(document.Content[0])
	if err != nil {
		t.Fatal(err)
	}
	return value.(map[string]any)
}

// plain turns a node into maps, lists and scalars.
func plain(node *yaml.Node) (any, error) {
	var value any
	switch node.Kind {
	case yaml.AliasNode:
		return nil, fmt.Errorf("line %d: CloudFormation takes no YAML aliases", node.Line)
	case yaml.MappingNode:
		entries := make(map[string]any)
		for i := 0; i < len(node.Content); i += 2 {
			entry, err := plain(node.Content[i+1])
			if err != nil {
				return nil, err
			}
			entries[node.Content[i].Value] = entry
		}
		value = entries
	case yaml.SequenceNode:
		list := make([]any, 0, len(node.Content))
		for _, content := range node.Content {
			element, err := plain(content)
			if err != nil {
				return nil, err
			}
			list = append(list, element)
		}
		value = list
	default:
		if err := node.Decode(&value); err != nil || strings.HasPrefix(node.Tag, "!") && !strings.HasPrefix(node.Tag, "!!") {
			value = node.Value
		}
	}
	switch tag := node.Tag; {
	case tag == "!Ref", tag == "!Condition":
		return map[string]any{tag[1:]: value}, nil
	case strings.HasPrefix(tag, "!!"), tag == "":
		return value, nil
	default:
		return map[string]any{"Fn::" + tag[1:]: value}, nil
	}
}

func (tpl template) section(name string) map[string]any {
	section, _ := tpl[name].(map[string]any)
	return section
}

// stack is what a template makes of parameters: an evaluator of the functions
// that these templates use, so that what they make can be looked at without AWS.
type stack struct {
	template   template
	parameters map[string]any
	pseudo     map[string]string
	problems   []string
}

// newStack fills in the parameters' defaults. Values are strings, as
// CloudFormation takes them.
func newStack(tpl template, account, region, partition string, given map[string]string) *stack {
	s := &stack{template: tpl, parameters: make(map[string]any), pseudo: map[string]string{
		"AWS::AccountId": account, "AWS::Region": region, "AWS::Partition": partition, "AWS::URLSuffix": "amazonaws.com",
	}}
	for name, declared := range tpl.section("Parameters") {
		declaration := declared.(map[string]any)
		value, there := given[name]
		if !there {
			standard, ok := declaration["Default"]
			if !ok {
				s.problems = append(s.problems, "parameter "+name+" has no value")
			}
			value = fmt.Sprint(standard)
		}
		if problem := refuses(declaration, value); problem != "" {
			s.problems = append(s.problems, fmt.Sprintf("parameter %s: %q %s", name, value, problem))
		}
		s.parameters[name] = value
		if declaration["Type"] == "CommaDelimitedList" {
			s.parameters[name] = anyList(strings.Split(value, ","))
		}
	}
	for name := range given {
		if _, declared := s.parameters[name]; !declared {
			s.problems = append(s.problems, "there is no parameter "+name)
		}
	}
	return s
}

// refuses says why CloudFormation would not take a value.
func refuses(declaration map[string]any, value string) string {
	if allowed, ok := declaration["AllowedValues"].([]any); ok && !slices.Contains(texts(allowed), value) {
		return fmt.Sprintf("is none of %v", allowed)
	}
	if pattern, ok := declaration["AllowedPattern"].(string); ok && !regexp.MustCompile(`^(?:`+pattern+`)$`).MatchString(value) {
		return "does not match " + pattern
	}
	if shortest, ok := declaration["MinLength"].(int); ok && len(value) < shortest {
		return fmt.Sprintf("is shorter than %d", shortest)
	}
	return ""
}

func anyList(values []string) []any {
	list := make([]any, len(values))
	for i, value := range values {
		list[i] = value
	}
	return list
}

func texts(values []any) []string {
	list := make([]string, len(values))
	for i, value := range values {
		list[i] = fmt.Sprint(value)
	}
	return list
}

// noValue is AWS::NoValue: what holds it is left out.
type noValue struct{}

// resources gives the resources that are made, evaluated.
func (s *stack) resources() map[string]map[string]any {
	made := make(map[string]map[string]any)
	for name, declared := range s.template.section("Resources") {
		resource := declared.(map[string]any)
		if condition, ok := resource["Condition"].(string); ok && !s.holds(condition) {
			continue
		}
		made[name] = s.eval(resource).(map[string]any)
	}
	return made
}

func (s *stack) outputs() map[string]string {
	values := make(map[string]string)
	for name, output := range s.template.section("Outputs") {
		values[name] = fmt.Sprint(s.eval(output.(map[string]any)["Value"]))
	}
	return values
}

func (s *stack) holds(condition string) bool {
	result, ok := s.eval(s.template.section("Conditions")[condition]).(bool)
	if !ok {
		s.problems = append(s.problems, "condition "+condition+" is no condition")
	}
	return result
}

func (s *stack) eval(value any) any {
	switch value := value.(type) {
	case map[string]any:
		if len(value) == 1 {
			for name, argument := range value {
				if name == "Ref" || strings.HasPrefix(name, "Fn::") {
					return s.call(name, argument)
				}
				if condition, ok := argument.(string); ok && name == "Condition" {
					return s.holds(condition)
				}
			}
		}
		evaluated := make(map[string]any)
		for key, entry := range value {
			if result := s.eval(entry); result != (any)(noValue{}) {
				evaluated[key] = result
			}
		}
		return evaluated
	case []any:
		evaluated := make([]any, 0, len(value))
		for _, entry := range value {
			result := s.eval(entry)
			if _, absent := result.(noValue); !absent {
				evaluated = append(evaluated, result)
			}
		}
		return evaluated
	default:
		return value
	}
}

func (s *stack) call(function string, argument any) any {
	list := func(length int) []any {
		evaluated, ok := s.eval(argument).([]any)
		if !ok || len(evaluated) < length {
			s.problems = append(s.problems, fmt.Sprintf("%s: %v", function, argument))
			return make([]any, length)
		}
		return evaluated
	}
	switch function {
	case "Ref":
		return s.ref(argument.(string))
	case "Fn::GetAtt":
		return s.attribute(argument.(string))
	case "Fn::Sub":
		return s.sub(argument)
	case "Fn::If":
		choices := argument.([]any)
		if s.holds(choices[0].(string)) {
			return s.eval(choices[1])
		}
		return s.eval(choices[2])
	case "Fn::Equals":
		operands := list(2)
		return fmt.Sprint(operands[0]) == fmt.Sprint(operands[1])
	case "Fn::Not":
		return list(1)[0] == false
	case "Fn::Or":
		return slices.Contains(list(2), any(true))
	case "Fn::And":
		return !slices.Contains(list(2), any(false))
	case "Fn::Join":
		operands := list(2)
		return strings.Join(texts(operands[1].([]any)), fmt.Sprint(operands[0]))
	case "Fn::Split":
		operands := list(2)
		return anyList(strings.Split(fmt.Sprint(operands[1]), fmt.Sprint(operands[0])))
	case "Fn::Select":
		operands := list(2)
		return operands[1].([]any)[operands[0].(int)]
	default:
		s.problems = append(s.problems, function+" is not known to this test")
		return nil
	}
}

// named are the resources whose Ref is their name, and the property that holds it.
var named = map[string]string{
	"AWS::Lambda::Function": "FunctionName", "AWS::Logs::LogGroup": "LogGroupName",
	"AWS::CloudWatch::Dashboard": "DashboardName", "AWS::IAM::Role": "RoleName",
	"AWS::DynamoDB::Table": "TableName",
}

func (s *stack) ref(name string) any {
	if name == "AWS::NoValue" {
		return noValue{}
	}
	if value, ok := s.pseudo[name]; ok {
		return value
	}
	if value, ok := s.parameters[name]; ok {
		return value
	}
	resource, ok := s.template.section("Resources")[name].(map[string]any)
	if !ok {
		s.problems = append(s.problems, "there is no "+name)
		return ""
	}
	if property, ok := named[resource["Type"].(string)]; ok {
		return s.eval(resource["Properties"].(map[string]any)[property])
	}
	return madeByAWS
}

// madeByAWS stands for what is known only once the resource is there.
const madeByAWS = "(made by AWS)"

func (s *stack) attribute(path string) any {
	name, _, _ := strings.Cut(path, ".")
	if _, ok := s.template.section("Resources")[name]; !ok {
		s.problems = append(s.problems, "there is no "+name)
	}
	return madeByAWS
}

func (s *stack) sub(argument any) any {
	values := make(map[string]any)
	if list, ok := argument.([]any); ok {
		argument = list[0]
		maps.Copy(values, s.eval(list[1]).(map[string]any))
	}
	return regexp.MustCompile(`\$\{([^!}]+)\}`).ReplaceAllStringFunc(argument.(string), func(found string) string {
		name := found[2 : len(found)-1]
		if value, ok := values[name]; ok {
			return fmt.Sprint(value)
		}
		if strings.Contains(strings.ReplaceAll(name, "::", ""), ".") {
			return fmt.Sprint(s.attribute(name))
		}
		return fmt.Sprint(s.ref(name))
	})
}
