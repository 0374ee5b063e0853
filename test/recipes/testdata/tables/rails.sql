CREATE TABLE users (id bigint PRIMARY KEY, email_address varchar NOT NULL UNIQUE, password_digest varchar NOT NULL, created_at timestamp(6), updated_at timestamp(6));
{{range .}}INSERT INTO users VALUES ({{.N}}, '{{.Email}}', {{.SQL}}, now(), now());
{{end}}
