#!/usr/bin/env bash
# Brings storywright up on kind, on this machine: the cluster, Kubeflow Pipelines, the studio, the compiled pipelines.
# Needs docker, kind, kubectl, openssl and `make setup images`, and fetches manifests and images from the network.
#   infra/kubernetes/up-on-kind.sh          up, or up to date
#   kind delete cluster --name storywright  away, with all that is in it
set -euo pipefail
cd "$(dirname "$0")/../.."

kfp=2.17.0
trainer=v2.3.0
operator=v0.92.1
tag=$(git rev-parse HEAD)
manifests=https://github.com/kubeflow/pipelines/manifests/kustomize

for tool in docker kind kubectl openssl git; do
    command -v "$tool" >/dev/null || { echo "up-on-kind: $tool is not installed." >&2; exit 2; }
done
for image in data train serve mlflow; do
    docker image inspect "storywright-$image:$tag" >/dev/null 2>&1 ||
        { echo "up-on-kind: there is no image storywright-$image:$tag: run make images on this commit." >&2; exit 2; }
done

kind get clusters | grep -qx storywright || kind create cluster --name storywright --wait 3m
kubectl config use-context kind-storywright >/dev/null
for image in data train serve mlflow; do
    kind load docker-image --name storywright "storywright-$image:$tag"
done

echo '== Kubeflow Pipelines, Trainer, and the objects of the Prometheus Operator'
kubectl apply -k "$manifests/cluster-scoped-resources?ref=$kfp"
kubectl wait --for condition=established --timeout 60s crd/applications.app.k8s.io
kubectl apply -k infra/kubernetes/kfp/kind
kubectl apply --server-side -k "https://github.com/kubeflow/trainer.git/manifests/overlays/manager?ref=$trainer"
for name in servicemonitors prometheusrules; do
    kubectl apply --server-side -f "https://raw.githubusercontent.com/prometheus-operator/prometheus-operator/$operator/example/prometheus-operator-crd/monitoring.coreos.com_$name.yaml"
done

echo '== secrets, made once'
for namespace in storywright monitoring; do
    kubectl get namespace "$namespace" >/dev/null 2>&1 || kubectl create namespace "$namespace"
done
word() { openssl rand -hex 24; }
taken() { kubectl --namespace kubeflow get secret mlpipeline-minio-artifact --output "jsonpath={.data.$1}" | base64 -d; }
# secret NAMESPACE NAME KEY=VALUE…: makes a secret that is not there yet.
secret() {
    local namespace=$1 name=$2 values=()
    shift 2
    for value in "$@"; do values+=("--from-literal=$value"); done
    kubectl --namespace "$namespace" get secret "$name" >/dev/null 2>&1 ||
        kubectl --namespace "$namespace" create secret generic "$name" "${values[@]}"
}
if ! kubectl --namespace storywright get secret mlflow >/dev/null 2>&1; then
    studio=$(word) mlflow=$(word) tuning=$(word) administrator=$(word)
    login=$(printf '[mlflow]\ndefault_permission = READ\ndatabase_uri = postgresql+psycopg2://mlflow:%s@/mlflow\nadmin_username = admin\nadmin_password = %s\nauthorization_function = mlflow.server.auth:authenticate_request_basic_auth\n' "$mlflow" "$administrator")
secret storywright database-administrator username=postgres password="$(word)"
secret storywright database-roles studio="$studio" mlflow="$mlflow" tuning="$tuning"
secret storywright server api-key="$(word)" database-url="postgresql+psycopg://studio:$studio@/studio"
secret kubeflow studio-database database-url="postgresql+psycopg://studio:$studio@/studio?host=database.storywright.svc.cluster.local"
secret storywright mlflow-client username=admin password="$administrator"
secret kubeflow kfp-mlflow-credentials username=admin password="$administrator"
secret storywright object-store accesskey="$(taken accesskey)" secretkey="$(taken secretkey)"
secret storywright mlflow database-url="postgresql+psycopg2://mlflow:$mlflow@/mlflow" session-key="$(word)" webhooks-key="$(openssl rand -base64 32 | tr '+/' '-_')" basic_auth.ini="$login"
fi
tuning=$(kubectl --namespace storywright get secret database-roles --output 'jsonpath={.data.tuning}' | base64 -d)
secret kubeflow tuning-database database-url="postgresql+psycopg://tuning:$tuning@/tuning?host=database.storywright.svc.cluster.local"
secret storywright probe key="$(word)"
secret storywright registry-hook secret="$(word)"
secret storywright receiver token="$(word)"
alerts=$(kubectl --namespace storywright get secret receiver --output 'jsonpath={.data.token}' | base64 -d)
secret monitoring receiver token="$alerts"

echo '== the studio'
kubectl kustomize infra/kubernetes/overlays/kind | sed "s/\(storywright-[a-z]*:\)unset/\1$tag/; s/^  tag: unset$/  tag: $tag/" |
    kubectl apply --server-side -f -
kubectl --namespace storywright rollout status deployment/mlflow --timeout 10m
kubectl --namespace storywright rollout status deployment/server --timeout 15m
kubectl --namespace kubeflow rollout status deployment/ml-pipeline --timeout 15m

echo '== the pipelines'
kubectl --namespace kubeflow port-forward service/ml-pipeline-ui 8080:80 >/dev/null &
forward=$!
trap 'kill $forward' EXIT
until curl --silent --fail --output /dev/null http://127.0.0.1:8080/apis/v2beta1/healthz; do sleep 2; done
.venv/bin/python -m pipelines upload --host http://127.0.0.1:8080 --tag "$tag"

cat <<TEXT
Kubeflow Pipelines  kubectl --namespace kubeflow port-forward service/ml-pipeline-ui 8080:80   then http://127.0.0.1:8080
The studio          kubectl --namespace storywright port-forward service/server 8000:80        then http://127.0.0.1:8000
                    the key: kubectl --namespace storywright get secret server --output 'jsonpath={.data.api-key}' | base64 -d
MLflow              kubectl --namespace storywright port-forward service/mlflow 5000:5000      then http://localhost:5000
TEXT
