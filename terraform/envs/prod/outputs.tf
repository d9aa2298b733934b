output "kubernetes" {
  description = "What infra/kubernetes/overlays/aws is filled in with: terraform output -json kubernetes."
  value       = module.platform.kubernetes
}

output "secret_names" {
  description = "Names of the secrets by purpose; what is in them is in no output."
  value       = module.secrets.names
}
