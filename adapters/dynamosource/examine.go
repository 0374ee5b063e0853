package dynamosource

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"cognito-user-migration/adapters/internal/awsfault"
	"cognito-user-migration/adapters/internal/examine"
	"cognito-user-migration/adapters/internal/hashed"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"
)

// Examiner returns the examination of this kind of source.
func Examiner() parts.Examiner { return examine.Kind("dynamodb", examined) }

func examined(ctx context.Context, subject examine.Subject[*configured]) []ports.Examined {
	e := examination{Subject: subject}
	return examine.Run(ctx,
		examine.One(ports.AspectCredentials, e.credentials),
		examine.One(ports.AspectReached, e.reached),
		examine.One(ports.AspectIndex, e.index),
		[]examine.Step{{Aspect: ports.AspectLookUp, Question: e.lookUp}, {Aspect: ports.AspectHashes, Question: e.hashes}},
	)
}

// examination examines one table.
type examination struct {
	examine.Subject[*configured]
	directory *Directory
	// described is the table; nil if the caller may not describe it.
	described *description
}

// description is the part of DescribeTable's answer that is read
// ("TableDescription", Amazon DynamoDB API Reference).
type description struct {
	TableStatus            string
	KeySchema              []keyElement
	AttributeDefinitions   []struct{ AttributeName, AttributeType string }
	GlobalSecondaryIndexes []indexDescription
	LocalSecondaryIndexes  []indexDescription
}

type keyElement struct{ AttributeName, KeyType string }

type indexDescription struct {
	IndexName, IndexStatus string
	KeySchema              []keyElement
}

// credentials opens the table, and obtains the credentials for it.
func (e *examination) credentials(ctx context.Context) ports.Examined {
	directory, err := e.Settings.open(ctx, e.Options)
	if err != nil {
		return examine.Fail(err.Error(), "give the AWS SDK credentials and a region: AWS_PROFILE, AWS_REGION, "+e.Variable("REGION"))
	}
	e.directory = directory
	return awsfault.ExamineCredentials(ctx, directory.caller.Credentials, e.Settings.Role.RoleARN != "", e.Variable)
}

// reached describes the table.
func (e *examination) reached(ctx context.Context) ports.Examined {
	raw, err := e.directory.api.Call(ctx, "DescribeTable", map[string]any{"TableName": e.directory.table})
	var answer struct{ Table *description }
	err = e.directory.read(ctx, "DescribeTable", raw, err, &answer)
	table, region := e.Variable("TABLE"), e.Variable("REGION")
	switch {
	case awsfault.NotFound(err):
		return examine.Fail(err.Error(), "correct "+table+" and "+region+": this account and region have no such table")
	case awsfault.StaleCredentials(err):
		return examine.Fail(err.Error(), "log in again, or check the access key: AWS rejects the credentials")
	case awsfault.Denied(err):
		return examine.Pass("it answers; the caller may not describe the table, so its keys are not checked")
	case err != nil && json.Valid(raw):
		return examine.Fail(err.Error(), "check "+region+" and AWS_ENDPOINT_URL")
	case err != nil:
		return examine.Fail(err.Error(), "check the network, "+region+" and the VPC endpoint of DynamoDB")
	case answer.Table == nil:
		return examine.Warn("the answer has no table", "check AWS_ENDPOINT_URL")
	case answer.Table.TableStatus != "ACTIVE" && answer.Table.TableStatus != "UPDATING":
		return examine.Fail("the state of the table is "+answer.Table.TableStatus, "wait until the table is ACTIVE, or restore it")
	}
	e.described = answer.Table
	return examine.Pass("the table exists, and its state is " + answer.Table.TableStatus)
}

// index compares the keys of the table and of its indexes with the settings.
func (e *examination) index(context.Context) ports.Examined {
	if e.described == nil {
		return examine.Skip("the caller may not describe the table (dynamodb:DescribeTable)")
	}
	var problems, remedies []string
	add := func(problem, remedy string) {
		problems, remedies = append(problems, problem), append(remedies, remedy)
	}
	key, lookup := e.Variable("KEY"), e.Variable("LOOKUP")
	if has := keyNames(e.described.KeySchema); !slices.Equal(has, []string(e.Settings.Key)) {
		add("the key of the table is "+strings.Join(has, ", ")+", not "+strings.Join(e.Settings.Key, ", "), "set "+key+" to "+strings.Join(has, ","))
	}
	indexes := append(slices.Clone(e.described.GlobalSecondaryIndexes), e.described.LocalSecondaryIndexes...)
	for _, one := range e.Settings.lookups() {
		schema := e.described.KeySchema
		where := "the table"
		if one.Index != "" {
			where = "the index " + one.Index
			at := slices.IndexFunc(indexes, func(index indexDescription) bool { return index.IndexName == one.Index })
			if at < 0 {
				add("the table has no index "+one.Index+hasIndexes(indexes), fmt.Sprintf("create the global secondary index %s with the partition key %s (a string), or correct %s", one.Index, one.Keys[0].Attribute, lookup))
				continue
			}
			schema = indexes[at].KeySchema
			if status := indexes[at].IndexStatus; status != "" && status != "ACTIVE" && status != "UPDATING" {
				add("the state of the index "+one.Index+" is "+status, "wait until the index is ACTIVE")
			}
		} else if len(problems) > 0 {
			continue // the key was reported
		}
		for i, compared := range one.Keys {
			has := keyNames(schema)
			switch {
			case i >= len(has) || has[i] != compared.Attribute:
				add("the key of "+where+" is "+strings.Join(has, ", ")+", and the look-up compares "+compared.Attribute,
					"compare "+strings.Join(has, "&")+" in "+lookup+", or create an index with the key "+compared.Attribute)
			case e.typeOf(compared.Attribute) != "S":
				add("the key attribute "+compared.Attribute+" has the type "+e.typeOf(compared.Attribute)+", and an identifier is a string (S)",
					"create an index whose key is a string, and name it in "+lookup)
			}
		}
	}
	if len(problems) > 0 {
		return examine.Fail(strings.Join(problems, "; "), strings.Join(remedies, "; "))
	}
	return examine.Pass("the key and every index of the look-up exist; what an index finds is read from the table, so any projection is enough")
}

func (e *examination) typeOf(attribute string) string {
	for _, definition := range e.described.AttributeDefinitions {
		if definition.AttributeName == attribute {
			return definition.AttributeType
		}
	}
	return "S" // not a key
}

// keyNames lists the attributes of a key, the partition key first.
func keyNames(schema []keyElement) []string {
	var names []string
	for _, kind := range []string{"HASH", "RANGE"} {
		for _, element := range schema {
			if element.KeyType == kind {
				names = append(names, element.AttributeName)
			}
		}
	}
	return names
}

func hasIndexes(indexes []indexDescription) string {
	if len(indexes) == 0 {
		return "; it has no index"
	}
	var names []string
	for _, index := range indexes {
		names = append(names, index.IndexName)
	}
	return "; it has " + strings.Join(names, ", ")
}

// lookUp runs every look-up.
func (e *examination) lookUp(ctx context.Context) ports.Examined {
	finding, err := e.directory.FindUser(ctx, e.Probe.Username)
	switch {
	case awsfault.Denied(err):
		return examine.Fail(err.Error(), "allow dynamodb:Query on the table and its indexes, dynamodb:GetItem on the table, and kms:Decrypt on its key")
	case err != nil && errors.Is(err, ports.ErrMisconfigured):
		return examine.Fail(err.Error(), "correct "+e.Variable("LOOKUP")+" and "+e.Variable("FIELDS")+": docs/sources/dynamodb.md")
	case err != nil:
		return examine.Fail(err.Error(), "check the network, and the capacity of the table")
	}
	return examine.Found(e.Probe, finding, e.Options.Rules, e.mapping())
}

// mapping names the paths of the fields that FIELDS sets.
func (e *examination) mapping() map[string]string {
	paths := make(map[string]string)
	for _, field := range e.Settings.Fields {
		paths[field.Field] = strings.Join(field.Path, ".")
	}
	return paths
}

// hashes reads one page of the table.
func (e *examination) hashes(ctx context.Context) ports.Examined {
	answer, err := e.directory.scan(ctx, map[string]any{"TableName": e.directory.table, "Limit": hashed.MostSampled})
	if awsfault.Denied(err) {
		return examine.Skip("the caller may not list the table (dynamodb:Scan), which the function does not need")
	}
	if err != nil {
		return examine.Warn(err.Error(), "try again; only the sample of hashes needs dynamodb:Scan")
	}
	users := 0
	sample := func(yield func(string, error) bool) {
		for _, one := range answer.Items {
			entry, err := e.directory.entry(one)
			if errors.Is(err, errNoUser) {
				continue
			}
			users++
			if err != nil {
				yield("", err)
				return
			}
			if entry.Hash != "" && !yield(entry.Hash, nil) {
				return
			}
		}
	}
	found := e.Settings.Hashes.Examine(ctx, iter.Seq2[string, error](sample))
	switch {
	case len(answer.Items) == 0:
		return examine.Warn("the table is empty", "check "+e.Variable("TABLE")+" and "+e.Variable("REGION"))
	case users == 0:
		return examine.Warn("no item of the sample has a username", "set "+e.Variable("FIELDS")+" to say where the fields are, such as username=profile.name,password_hash=auth.hash")
	}
	return found
}
