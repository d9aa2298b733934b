-- The databases and who owns them; run again it changes passwords and nothing else.
SELECT format('CREATE ROLE %I LOGIN', name) FROM unnest(ARRAY['studio', 'mlflow', 'tuning']) name
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec
-- RDS lets the administrator give a database to a role that the administrator is a member of.
SELECT format('GRANT %I TO CURRENT_USER', name) FROM unnest(ARRAY['studio', 'mlflow', 'tuning']) name \gexec
ALTER ROLE studio PASSWORD :'studio';
ALTER ROLE mlflow PASSWORD :'mlflow';
ALTER ROLE tuning PASSWORD :'tuning';
SELECT format('CREATE DATABASE %I OWNER %I', name, name) FROM unnest(ARRAY['studio', 'mlflow', 'tuning']) name
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = name) \gexec
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', name) FROM unnest(ARRAY['studio', 'mlflow', 'tuning']) name \gexec
