package main

import (
	"context"
	"strings"

	"cognito-user-migration/adapters/awssetup"
	"cognito-user-migration/app/config"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports/setup"
)

// unpacked returns an environment with the variables of SOURCE_VARIABLES in its
// place. With a problem there, it returns the environment as it is, so that the
// command that reads it reports the problem as the function does.
func unpacked(environ []string) []string {
	if plain, err := config.Unpack(environ); err == nil {
		return plain
	}
	return environ
}

// readerOfFunctions returns the reader of functions in a region.
func readerOfFunctions(account *awssetup.Account, region string) setup.FunctionReader {
	return unpackingFunctions{account.Functions(region)}
}

// unpackingFunctions reads functions, with the variables that they have in
// SOURCE_VARIABLES among their own.
type unpackingFunctions struct{ setup.FunctionReader }

// Function implements [setup.FunctionReader].
func (u unpackingFunctions) Function(ctx context.Context, name string) (setup.Function, error) {
	function, err := u.FunctionReader.Function(ctx, name)
	if err != nil || function.Environment == nil {
		return function, err
	}
	environ := make([]string, 0, len(function.Environment))
	for variable, value := range function.Environment {
		environ = append(environ, variable+"="+value.Reveal())
	}
	function.Environment = make(map[string]domain.Secret)
	for _, variable := range unpacked(environ) {
		name, value, _ := strings.Cut(variable, "=")
		function.Environment[name] = domain.NewSecret(value)
	}
	return function, nil
}
