CREATE TABLE users (id bigint PRIMARY KEY, email varchar NOT NULL UNIQUE DEFAULT '', encrypted_password varchar NOT NULL DEFAULT '', confirmed_at timestamp(6), locked_at timestamp(6));
{{range .}}INSERT INTO users VALUES ({{.N}}, '{{.Email}}', {{.SQL}}, now(), NULL);
{{end}}
