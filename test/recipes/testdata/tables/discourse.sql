CREATE TABLE users (id integer PRIMARY KEY, username varchar(60) NOT NULL, username_lower varchar(60) NOT NULL UNIQUE, active boolean NOT NULL, suspended_till timestamp);
CREATE TABLE user_emails (id integer PRIMARY KEY, user_id integer NOT NULL, email varchar(513) NOT NULL, "primary" boolean NOT NULL);
CREATE TABLE user_passwords (id integer PRIMARY KEY, user_id integer NOT NULL, password_hash varchar(64) NOT NULL, password_salt varchar(32) NOT NULL, password_algorithm varchar(64) NOT NULL);
CREATE TABLE user_second_factors (id integer PRIMARY KEY, user_id integer NOT NULL, method integer NOT NULL, enabled boolean NOT NULL);
{{range .}}INSERT INTO users VALUES ({{.N}}, '{{.Name}}', '{{.Name}}', true, NULL);
INSERT INTO user_emails VALUES ({{.N}}, {{.N}}, '{{.Email}}', true);
INSERT INTO user_passwords VALUES ({{.N}}, {{.N}}, '{{.JSON.hash}}', '{{.JSON.salt}}', '{{.Format}}');
{{end}}
