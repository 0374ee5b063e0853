CREATE TABLE customer_entity (entity_id int unsigned PRIMARY KEY, website_id smallint unsigned, email varchar(255), is_active smallint unsigned NOT NULL DEFAULT 1, firstname varchar(255), lastname varchar(255), password_hash varchar(128), confirmation varchar(64), UNIQUE (email, website_id));
{{range .}}INSERT INTO customer_entity VALUES ({{.N}}, 1, '{{.Email}}', 1, 'Hanako', 'Yamada', {{.SQL}}, NULL);
INSERT INTO customer_entity VALUES (1000 + {{.N}}, 2, '{{.Email}}', 1, 'Hanako', 'Yamada', NULL, NULL);
{{end}}
