module example.com/own-source

go 1.26.0

require cognito-user-migration v0.0.0

require (
	github.com/aws/aws-lambda-go v1.55.1 // indirect
	github.com/caarlos0/env/v11 v11.4.2 // indirect
	go.uber.org/dig v1.19.0 // indirect
	go.uber.org/fx v1.24.0 // indirect
	go.uber.org/multierr v1.10.0 // indirect
	go.uber.org/zap v1.28.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/text v0.43.0 // indirect
)

replace cognito-user-migration => ../..
