CREATE TABLE users (id varchar(24) PRIMARY KEY, name varchar(191) NOT NULL, slug varchar(191) NOT NULL, password varchar(60) NOT NULL, email varchar(191) NOT NULL UNIQUE, status varchar(50) NOT NULL DEFAULT 'active');
CREATE TABLE roles (id varchar(24) PRIMARY KEY, name varchar(50) NOT NULL);
CREATE TABLE roles_users (id varchar(24) PRIMARY KEY, role_id varchar(24) NOT NULL, user_id varchar(24) NOT NULL);
INSERT INTO roles VALUES ('r', 'Author');
{{range .}}INSERT INTO users VALUES ('{{.N}}', 'Hanako', '{{.Name}}', {{.SQL}}, '{{.Email}}', 'active');
INSERT INTO roles_users VALUES ('m{{.N}}', 'r', '{{.N}}');
{{end}}
