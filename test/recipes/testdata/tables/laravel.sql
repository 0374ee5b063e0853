CREATE TABLE users (id bigint unsigned PRIMARY KEY, name varchar(255) NOT NULL, email varchar(255) NOT NULL UNIQUE, email_verified_at timestamp NULL, password varchar(255) NOT NULL, remember_token varchar(100));
{{range .}}INSERT INTO users VALUES ({{.N}}, 'Hanako', '{{.Email}}', now(), {{.SQL}}, NULL);
{{end}}
