package app

import (
	"cognito-user-migration/adapters/claimstrigger"
	"cognito-user-migration/app/config"
)

// StartClaims starts the function of the command claims, which adds the
// source's sub to the tokens of the destination. It reads only the variables
// CLAIMS_.
func StartClaims(process Process) (Function, error) {
	settings, err := config.LoadClaims(process.Environ)
	if err != nil {
		return Function{}, err
	}
	log := newProcessLogger(process)
	return Function{Handler: claimstrigger.New(log, claimstrigger.Options{Claim: settings.Claim, Attribute: settings.Attribute}), Log: log, Tracing: &Tracing{}}, nil
}
